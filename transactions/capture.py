"""Capture: takes sales, keeps them durably in the store, answers with their receipt codes. No Django, no SQL.

What capture must ask the ledger (was this old sale recorded, and with what content?) goes through `past`, a callable
that ledger registers; without it such a sale is answered with "send it again".
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from possys.clock import iso_utc
from possys.codes import FIRST_DAY, CodeError, CodeLengthError, CodeSymbolError, Environment, KeyTable, day_of
from possys.links import Links
from possys.redis import Command, Stores
from transactions import answers
from transactions.answers import Accepted, Answer, Problem, Warned
from transactions.envelope import BEGINNING, Opened, is_envelope, open_envelope
from transactions.faults import SaleRefused, read_sale
from transactions.pressure import Pressure
from transactions.sale import RULES, Fault, Rule, Sale, moment_of
from transactions.signers import Signers
from transactions.stream import (
    APPEND,
    DIGEST_BYTES,
    SALE_TYPES,
    Credential,
    CredentialKind,
    Flag,
    Item,
    Judged,
    Outcome,
    Signature,
    append_command,
    call_scripts,
    pack_item,
    read_judged,
    shard_of,
)
from transactions.stream import Warned as ScriptWarned
from transactions.taking_back import Correction, Corrections

FIRST_ORDINAL = FIRST_DAY.toordinal()
DAY_MS = 86_400_000
UNIX_ORDINAL = 719_163  # 1970-01-01
# A till's clock this far off is worth a word; the sale is taken all the same.
CLOCK_TOLERANCE_MS = 5 * 60 * 1000
# From this many codes on the vectorised cipher is the faster one.
VECTOR_MIN = 8

TYPE_NUMBERS = {name: number for number, name in enumerate(SALE_TYPES)}
# What the terminal's own status and keys refuse, as it is told to the till.
REFUSALS = {
    Outcome.UNKNOWN: Fault("/terminal", "is not enrolled"),
    Outcome.FOREIGN: Fault("/terminal", "is not one of the token's retailer"),
    Outcome.SUSPENDED: Fault("/terminal", "is suspended"),
    Outcome.LOST: Fault("/terminal", "was reported lost; if it is found, it needs a new enrolment code"),
    Outcome.RETIRED: Fault("/terminal", "is retired"),
    Outcome.NOT_ENROLLED: Fault("/terminal", "has not exchanged its enrolment code yet"),
    Outcome.TESTING: Fault("/mode", "must be training: the terminal is being tested"),
    Outcome.UNSIGNED: Fault("/signature", "is missing: the terminal has registered a key and signs every sale"),
    Outcome.WRONG_KEY: Fault("/signature/key", "is not the number of the key that the terminal signs with"),
}
WARN_GAP = Warned("sequence-gap", "Sequences before this one were not seen yet.")
WARN_ORDER = Warned("out-of-order", "This sequence came after a later one.")
WARN_CLOCK = Warned("clock", "The time of issue is more than 5 minutes off the time of receipt.")


class PastSale(NamedTuple):
    """A sale that the ledger has: SHA-256 of its bytes, when it was received, its receipt code.

    No hash is left of a sale that was removed because the law demands it: then whatever comes under its identity
    counts as the same sale, so that a till that sends it again is at rest and nothing of it is kept again.
    """

    sha256: bytes | None
    received_at_ms: int
    code: str


# (terminal, sequence, day number or None for any day) -> the recorded sale, or None when the ledger does not have it.
Past = Callable[[int, int, int | None], PastSale | None]
_past: list[Past] = []


class Count(Protocol):
    """Told of every call's answers, and how many of the accepted sales were made offline and in training."""

    def __call__(self, answers: Sequence[Answer], *, offline: int, training: int) -> None:
        """Called once a call, after everything is decided."""


class PastAwayError(Exception):
    """The ledger cannot be asked just now."""


def register_past(past: Past) -> None:
    """The ledger's word on sales that the store has forgotten; registered once, when the ledger app starts."""
    _past[:] = [past]


def ask_past(terminal: int, sequence: int, day: int | None) -> PastSale | None:
    """Asks the ledger, when there is one."""
    return _past[0](terminal, sequence, day) if _past else None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a deployment allows; see settings.py for each one's reason."""

    past_days: int
    future_days: int
    sales_per_minute: int
    replicas_min: int
    offline_hours: int
    credential_notice_days: int


class Taken(NamedTuple):
    """What capture needs of a sale that may enter the store.

    The decoded sale itself is let go at once: keeping a batch's 500 trees of objects alive more than doubles the time
    of decoding and checking, because each new one then lies in cold memory (docs/performance.md).
    """

    position: int
    raw: bytes
    terminal: int
    sequence: int
    day: int
    issued_at_ms: int
    type: int
    total: int
    mode: str
    digest: bytes
    signature: Signature | None


class Capture:
    """One process's way into the stores; thread-safe."""

    def __init__(self, *, stores: Stores, keys: KeyTable, limits: Limits, links: Links, count: Count) -> None:
        self.stores = stores
        self.count = count
        self.keys = keys
        self.limits = limits
        self.links = links
        self.pressure = Pressure(stores)
        self.signers = Signers(stores)
        self.corrections = Corrections(
            stores=stores, keys=keys, replicas_min=limits.replicas_min, send_again=self._send_again
        )

    @property
    def offline(self) -> answers.Offline:
        """What a till that must wait is told of being offline."""
        return answers.offline_rules(self.limits.offline_hours, self.pressure.outage)

    def take(self, raws: Sequence[bytes], credential: Credential, now_ms: int) -> list[Answer]:
        """Takes the sales in these bytes; answers each in order. An Accepted was fsynced before this returns."""
        found: dict[int, Answer] = {}
        sales: list[Taken] = []
        rules = self._rules(credential, now_ms)
        for position, raw in enumerate(raws):
            try:
                sales.append(self._read(position, raw, rules))
            except SaleRefused as fault:
                found[position] = answers.refused(fault.faults)
        if any(taken.signature for taken in sales):
            sales = self._genuine(sales, found)
        compared = None
        if corrections := [_correction(taken) for taken in sales if taken.type and taken.mode != "training"]:
            together = {(taken.terminal, taken.sequence) for taken in sales}
            compared = self.corrections.compare(corrections, credential, now_ms, together=together)
            found.update(compared.refused)
            sales = [taken for taken in sales if taken.position not in found]
        codes = self._codes(sales)
        judged = self._send(sales, codes, credential, now_ms, None)
        asked = [
            place for place, word in enumerate(judged) if isinstance(word, Judged) and word.outcome == Outcome.PAST
        ]
        if asked:
            self._ask_past(asked, sales, codes, judged, credential, now_ms)
        received_at = iso_utc(now_ms)
        noticed = self._notices(credential, now_ms)
        for taken, code, word in zip(sales, codes, judged, strict=True):
            answer = self._answer(taken, code, word, now_ms, received_at)
            if noticed and isinstance(answer, Accepted):
                answer.warnings += noticed
            found[taken.position] = answer
        if compared is not None:
            words = {taken.position: word for taken, word in zip(sales, judged, strict=True)}
            self.corrections.settle(compared, words)
            for position, warnings in compared.warnings.items():
                if isinstance(answer := found[position], Accepted):
                    answer.warnings += warnings
        accepted = [taken.mode for taken in sales if isinstance(found[taken.position], Accepted)]
        ordered = [found[position] for position in range(len(raws))]
        self.count(ordered, offline=accepted.count("offline"), training=accepted.count("training"))
        return ordered

    def _rules(self, credential: Credential, now_ms: int) -> list[Rule]:
        """All rules of a sale: its own, and those that need the clock, the credential or the keys."""
        today = now_ms // DAY_MS + UNIX_ORDINAL
        first_day = max(today - self.limits.past_days, FIRST_ORDINAL)
        last_day = today + self.limits.future_days

        def check_window(sale: Sale) -> list[Fault]:
            try:
                day = date.fromisoformat(sale.issued_at[:10]).toordinal()
            except ValueError:
                return []  # check_moment has said so
            if first_day <= day <= last_day:
                return []
            past, future = self.limits.past_days, self.limits.future_days
            return [Fault("/issued_at", f"its date must not be more than {past} days ago or {future} days ahead")]

        def check_terminal(sale: Sale) -> list[Fault]:
            if credential.kind != CredentialKind.TERMINAL or credential.id == sale.terminal:
                return []
            return [Fault("/terminal", f"the token is for terminal {credential.id}")]

        return [
            *RULES,
            (frozenset({"issued_at"}), check_window),
            (frozenset({"terminal"}), check_terminal),
            (frozenset({"refers_to", "mode"}), self._check_reference),
        ]

    def _read(self, position: int, raw: bytes, rules: Sequence[Rule]) -> Taken:
        """Reads and checks one sale. Raises SaleRefused with everything that is wrong."""
        opened = open_envelope(raw) if raw.startswith(BEGINNING) else Opened(raw)
        try:
            sale = read_sale(opened.sale, rules)
        except SaleRefused:
            if opened.key or not is_envelope(raw):
                raise
            opened = open_envelope(raw)
            sale = read_sale(opened.sale, rules)
        moment = moment_of(sale)
        signature = Signature(opened.key, b"", opened.value) if opened.key else None
        return Taken(
            position,
            opened.sale,
            sale.terminal,
            sale.sequence,
            moment.toordinal() - FIRST_ORDINAL,
            int(moment.timestamp() * 1000),
            TYPE_NUMBERS[sale.type],
            sale.total,
            sale.mode,
            hashlib.sha256(opened.sale).digest()[:DIGEST_BYTES],
            signature,
        )

    def _genuine(self, sales: Sequence[Taken], found: dict[int, Answer]) -> list[Taken]:
        """The sales that are not signed or rightly signed, now with the key's public half; answers the others."""
        signed = [taken for taken in sales if taken.signature is not None]
        try:
            words = self.signers.verify([(t.terminal, t.raw, t.signature) for t in signed if t.signature is not None])
        except (RedisError, OSError):
            away = self._send_again("The keys of terminals cannot be read just now.", answers.RETRY_SOON_S)
            found.update({taken.position: away for taken in signed})
            return [taken for taken in sales if taken.signature is None]
        genuine: dict[int, Signature] = {}
        for taken, word in zip(signed, words, strict=True):
            if isinstance(word, Fault):
                found[taken.position] = answers.refused([word])
            else:
                genuine[taken.position] = word
        return [
            taken._replace(signature=genuine.get(taken.position))
            for taken in sales
            if taken.signature is None or taken.position in genuine
        ]

    def _notices(self, credential: Credential, now_ms: int) -> tuple[Warned, ...]:
        """What every answer to this credential says: that it ends soon."""
        last_day = credential.expires
        if last_day - now_ms // DAY_MS >= self.limits.credential_notice_days:
            return ()
        day = date.fromordinal(last_day + UNIX_ORDINAL)
        return (
            Warned(
                "credential-expires",
                f"The token's last day is {day}; fetch the next one with POST /api/v1/credentials.",
            ),
        )

    def _check_reference(self, sale: Sale) -> list[Fault]:
        """A refund names a code of its own environment that can be genuine; its spelling is the sale's own rule."""
        if sale.refers_to is None:
            return []
        try:
            place = self.keys.decode(sale.refers_to)
        except (CodeLengthError, CodeSymbolError):
            return []  # check_kind has said so
        except CodeError as fault:
            return [Fault("/refers_to", str(fault))]
        expected = Environment.TEST if sale.mode == "training" else Environment.PRODUCTION
        if place.environment != expected:
            return [Fault("/refers_to", f"is a {place.environment.name.lower()} code")]
        return []

    def _codes(self, sales: Sequence[Taken]) -> list[str]:
        """The receipt codes, in order; training sales get test codes."""
        live = [taken for taken in sales if taken.mode != "training"]
        if len(live) < VECTOR_MIN:
            return [self._code(taken) for taken in sales]
        codes = self.keys.encode_many(
            Environment.PRODUCTION,
            [taken.day for taken in live],
            [taken.terminal for taken in live],
            [taken.sequence for taken in live],
        )
        if len(live) == len(sales):
            return codes
        by_position = {taken.position: code for taken, code in zip(live, codes, strict=True)}
        return [by_position.get(taken.position) or self._code(taken) for taken in sales]

    def _code(self, taken: Taken) -> str:
        environment = Environment.TEST if taken.mode == "training" else Environment.PRODUCTION
        return self.keys.encode(environment, day_of(taken.day), taken.terminal, taken.sequence)

    def _send(
        self,
        sales: Sequence[Taken],
        codes: Sequence[str],
        credential: Credential,
        now_ms: int,
        flag: Flag | None,
    ) -> list[Judged | Problem]:
        """One script call a shard, all calls of a server in one go; a Problem where the call's fate is not known."""
        places: dict[int, list[int]] = defaultdict(list)
        for place, taken in enumerate(sales):
            places[shard_of(taken.terminal)].append(place)
        by_store: dict[int, list[int]] = defaultdict(list)
        for shard in places:
            by_store[self.stores.index(shard)].append(shard)
        words: dict[int, Judged | Problem] = {}
        for store, shards in by_store.items():
            commands = [
                append_command(
                    shard,
                    credential,
                    self.limits.sales_per_minute,
                    [_item(sales[place], codes[place], now_ms, flag) for place in places[shard]],
                )
                for shard in shards
            ]
            for shard, reply in zip(shards, self._call(store, commands), strict=True):
                said: Sequence[Judged | Problem] = (
                    [reply] * len(places[shard]) if isinstance(reply, Problem) else read_judged(reply)
                )
                words.update(zip(places[shard], said, strict=True))
        return [words[place] for place in range(len(sales))]

    def _call(self, store: int, commands: list[Command]) -> list[Any]:
        """The scripts' replies of one server, a Problem in the place of each that failed."""
        if reason := self.pressure.reason(store):
            return [self._send_again(reason, answers.RETRY_LATER_S)] * len(commands)
        client = self.stores.clients[store]
        replies = call_scripts(client, APPEND, commands, replicas=self.limits.replicas_min)
        return [self._problem_of(reply) if isinstance(reply, Exception) else reply for reply in replies]

    def _problem_of(self, fault: Exception) -> Problem:
        """What a failed call is called in an answer."""
        text = str(fault)
        if isinstance(fault, ResponseError) and text.startswith("EPOCH"):
            return self._send_again("The capture store is being rebuilt; nothing was kept.", answers.RETRY_LATER_S)
        if isinstance(fault, OutOfMemoryError):
            return self._send_again("The capture store is full; nothing was kept.", answers.RETRY_LATER_S)
        # The script's first write was refused, so there was no second one.
        if isinstance(fault, ResponseError) and text.startswith("NOREPLICAS"):
            detail = "The capture store has too few replicas; nothing was kept."
            return self._send_again(detail, answers.RETRY_LATER_S)
        return self._send_again("What became of this sale is not known.", answers.RETRY_SOON_S)

    def _send_again(self, detail: str, retry_after_s: int) -> Problem:
        return answers.send_again(detail, retry_after_s=retry_after_s, offline=self.offline)

    def _ask_past(
        self,
        asked: Sequence[int],
        sales: Sequence[Taken],
        codes: Sequence[str],
        judged: list[Judged | Problem],
        credential: Credential,
        now_ms: int,
    ) -> None:
        """Settles sales that the store has seen and forgotten: the ledger tells a replay from a conflict."""
        conflicts = []
        for place in asked:
            taken = sales[place]
            try:
                known = ask_past(taken.terminal, taken.sequence, taken.day)
            except PastAwayError:
                judged[place] = self._send_again("The ledger cannot be asked just now.", answers.RETRY_LATER_S)
                continue
            if known is None:
                judged[place] = self._send_again("This sale is still being recorded.", answers.RETRY_SOON_S)
            elif known.sha256 in (None, hashlib.sha256(taken.raw).digest()):
                judged[place] = Judged(Outcome.REPLAYED, 0, known.received_at_ms)
            else:
                conflicts.append(place)
        if conflicts:
            # Kept as evidence, by a second call that says what the first could not know.
            words = self._send(
                [sales[place] for place in conflicts],
                [codes[place] for place in conflicts],
                credential,
                now_ms,
                Flag.CONFLICT,
            )
            for place, word in zip(conflicts, words, strict=True):
                judged[place] = word

    def _answer(self, taken: Taken, code: str, word: Judged | Problem, now_ms: int, received_at: str) -> Answer:
        if isinstance(word, Problem):
            return word
        outcome = word.outcome
        if outcome == Outcome.ACCEPTED:
            return Accepted(code, self.links.of(code), received_at, False, _warnings(taken, word.warned, now_ms))
        if outcome == Outcome.REPLAYED:
            return Accepted(code, self.links.of(code), iso_utc(word.received_at_ms), True)
        if outcome in {Outcome.CONFLICT, Outcome.CONFLICT_COUNTED}:
            return answers.conflict(taken.terminal, taken.sequence, iso_utc(word.received_at_ms))
        if outcome == Outcome.REPLACED:
            return answers.credential_replaced()
        if outcome in REFUSALS:
            return answers.refused([REFUSALS[Outcome(outcome)]])
        return answers.too_many(self.limits.sales_per_minute, 60 - now_ms // 1000 % 60, self.offline)


def _correction(taken: Taken) -> Correction:
    return Correction(taken.position, taken.raw, taken.terminal, taken.sequence, taken.mode == "offline", taken.digest)


def _item(taken: Taken, code: str, now_ms: int, flag: Flag | None) -> Item:
    if flag is None:
        flag = Flag.TRAINING if taken.mode == "training" else Flag.NONE
    return pack_item(
        head=(taken.terminal, taken.sequence, taken.day, taken.issued_at_ms, flag, taken.digest),
        received_at_ms=now_ms,
        rest=(taken.type, taken.total, code.encode()),
        sale=taken.raw,
        signature=taken.signature,
    )


def _warnings(taken: Taken, warned: int, now_ms: int) -> tuple[Warned, ...]:
    off = taken.mode == "online" and abs(taken.issued_at_ms - now_ms) > CLOCK_TOLERANCE_MS
    if not warned and not off:
        return ()
    said = []
    if warned & ScriptWarned.GAP:
        said.append(WARN_GAP)
    if warned & ScriptWarned.OUT_OF_ORDER:
        said.append(WARN_ORDER)
    if off:
        said.append(WARN_CLOCK)
    return tuple(said)
