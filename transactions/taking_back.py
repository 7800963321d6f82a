"""What capture does more for a refund or a void: asks what is left of its sale, and reserves it. No Django, no SQL.

What is left stands in the ledger, and on its way there in the capture store. So the ledger is asked first, through a
callable that it registers, then the amount is reserved in the original's shard, and only then is the record appended:

    a resend                what the terminal's state has seen, or the ledger has, or the same bytes hold already, is
                            not compared again: the append tells a replay from a conflict, nothing counts twice
    flushed in between      what the ledger named is not counted again among what is held, by its identity
    two tills at once       the one that reserves second finds another version and is compared again
    answer lost, store away the hold stays, and the same bytes pass by it; unsent, it ends by itself
    definitely refused      the hold is given back, unless another attempt at the same bytes may have been taken

`mode: offline` means that the money was given back already: it is kept whatever is left, with a warning.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from redis.exceptions import RedisError, ResponseError

from possys.clock import MS_PER_S, utc
from possys.codes import SEQUENCE_BITS, CodePlace, KeyTable
from possys.redis import Stores
from transactions import answers
from transactions.answers import Problem, Warned
from transactions.corrections import (
    Contents,
    Original,
    TakenBack,
    amount_faults,
    parts_of,
    read_contents,
    reference_faults,
    sums_of,
)
from transactions.reservations import NOTHING_HELD, WHATEVER_IS_HELD, Held, Hold, Reservations
from transactions.sale import Fault
from transactions.states import read_state
from transactions.stream import Credential, CredentialKind, Judged, Outcome, read_heads, shard_of

# Each asks the ledger for some milliseconds; of a batch with more, the rest is told to come again, and it does not ask
# anew for those that were taken.
CORRECTIONS_A_CALL_MAX = 50
# Of one terminal, in each process: what is refused is never counted by the append, and a till gone wild asks on and on.
COMPARED_A_MINUTE_MAX = 300
MINUTE_MS = 60_000
# Tills that reserve of one receipt at the same moment; more than two is no shop's day.
RESERVE_ATTEMPTS_MAX = 5
# A store that was rebuilt empty lacks what was not flushed, of that day or, by a place's own clock, of one beside it.
# `recover_store` brings it back from the old disk, within an hour or never; until then no code is called unknown.
COMES_BACK_MS = 3_600_000
DAYS_LOST_MAX = timedelta(days=1)
# Of what is wrong with a refund that is kept all the same, so much is said in its warning.
WARNED_FAULTS_MAX = 3

# The record is in the stream or may be; with every other outcome it certainly is not.
KEPT = frozenset({Outcome.ACCEPTED, Outcome.REPLAYED, Outcome.PAST})


class OriginalsAwayError(Exception):
    """The ledger cannot be asked just now, or cannot be believed."""


# The place that a receipt code names -> the sale there with what was taken back of it, None when it is not recorded.
Originals = Callable[[CodePlace], Original | None]
_originals: list[Originals] = []
# Why it is not known what is left, and seconds until the till asks again -> capture's 503.
SendAgain = Callable[[str, int], Problem]


def register_originals(originals: Originals) -> None:
    """The ledger's word on what is left of a sale; registered once, when the ledger app starts."""
    _originals[:] = [originals]


class Correction(NamedTuple):
    """A refund or void on its way into the store; `digest` is of its bytes `raw`, `position` its place in the call."""

    position: int
    raw: bytes
    terminal: int
    sequence: int
    is_offline: bool
    digest: bytes

    @property
    def identity(self) -> int:
        """(terminal, sequence) in one integer."""
        return self.terminal << SEQUENCE_BITS | self.sequence


@dataclass
class Compared:
    """What became of a call's corrections, by position: refused, or let through with a hold and with warnings."""

    refused: dict[int, Problem] = field(default_factory=dict)
    holds: dict[int, Hold] = field(default_factory=dict)
    warnings: dict[int, tuple[Warned, ...]] = field(default_factory=dict)


class _SendAgainError(Exception):
    """It cannot be known now what is left; the till sends the same bytes again after so many seconds."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class _RefusedError(Exception):
    """It takes back what is not left; `code` is what this is called in the warning of one that is kept all the same."""

    def __init__(self, faults: list[Fault], code: str) -> None:
        super().__init__(code)
        self.faults = faults
        self.code = code


class Corrections:
    """One process's comparison of refunds and voids with their sales; thread-safe."""

    def __init__(self, *, stores: Stores, keys: KeyTable, replicas_min: int, send_again: SendAgain) -> None:
        self.stores = stores
        self.keys = keys
        self.reservations = Reservations(stores, replicas_min=replicas_min)
        self.send_again = send_again
        self._minute = 0
        self._counts: dict[int, int] = {}

    def compare(
        self,
        corrections: Sequence[Correction],
        credential: Credential,
        now_ms: int,
        *,
        together: Set[tuple[int, int]] = frozenset(),
    ) -> Compared:
        """Compares each with its sale and reserves what it takes back, in order.

        `together` are the terminals and sequences of the call's own sales, which are appended after this.
        """
        done = Compared()
        if not _originals:
            return done
        asked = 0
        for correction in corrections:
            try:
                retailer = self._retailer_to_ask_for(correction, credential)
                if retailer is None:
                    continue
                asked += 1
                if asked > CORRECTIONS_A_CALL_MAX:
                    raise _SendAgainError("There are many refunds in this batch.", answers.RETRY_SOON_S)
                self._count(correction.terminal, now_ms)
                self._compare_one(correction, retailer, now_ms, done, together)
            except _SendAgainError as fault:
                done.refused[correction.position] = self.send_again(str(fault), fault.retry_after_s)
            except _RefusedError as fault:
                done.refused[correction.position] = answers.refused(fault.faults)
        return done

    def settle(self, compared: Compared, words: Mapping[int, Judged | Problem]) -> None:
        """Gives back what the append definitely refused; a Problem is no word on what became of it."""
        for position, hold in compared.holds.items():
            word = words[position]
            if isinstance(word, Judged) and word.outcome not in KEPT:
                self.reservations.release(hold)

    def _count(self, terminal: int, now_ms: int) -> None:
        """Counts a comparison of the terminal's, by the minute; two threads may miscount by one."""
        minute, past_ms = divmod(now_ms, MINUTE_MS)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        count = self._counts[terminal] = self._counts.get(terminal, 0) + 1
        if count > COMPARED_A_MINUTE_MAX:
            wait_s = (MINUTE_MS - past_ms + 999) // 1000
            raise _SendAgainError("The terminal sends very many refunds.", wait_s)

    def _retailer_to_ask_for(self, correction: Correction, credential: Credential) -> int | None:
        """Whose till sends it; None when there is nothing to compare, because the append knows what to answer."""
        try:
            state = read_state(self.stores.store_for(shard_of(correction.terminal)), correction.terminal)
        except (RedisError, OSError) as fault:
            raise _SendAgainError("What became of this sale is not known.", answers.RETRY_SOON_S) from fault
        if state is None or state.has_seen(correction.sequence):
            return None
        if credential.kind == CredentialKind.GATEWAY and credential.id != state.retailer:
            return None
        return state.retailer

    def _compare_one(
        self, correction: Correction, retailer: int, now_ms: int, done: Compared, together: Set[tuple[int, int]]
    ) -> None:
        contents = read_contents(correction.raw)
        place = self.keys.decode(contents.refers_to or "")
        hold = Hold(place, correction.identity, correction.digest)
        is_together = (place.terminal, place.sequence) in together
        one = _One(correction, contents, hold, retailer, now_ms, is_together)
        if not correction.is_offline:
            if self._hold(one, self._original_of(one)):
                done.holds[correction.position] = one.hold
            return
        if warning := self._hold_what_happened(one, done):
            done.warnings[correction.position] = (warning,)

    def _hold(self, one: "_One", original: Original) -> bool:
        """Reserves what is left; False when the ledger has this very refund already."""
        if one.hold.identity in {known.identity for known in original.taken_back}:
            return False
        if faults := reference_faults(one.contents, one.retailer, original):
            raise _RefusedError(faults, "not-of-the-receipt")
        version, pending = NOTHING_HELD, list[TakenBack]()
        is_promised = False
        for _ in range(RESERVE_ATTEMPTS_MAX):
            faults = [] if is_promised else amount_faults(one.contents, original, pending)
            # It is too much in any case, but what is left must be said rightly, and its own bytes may hold it already.
            held = self._look(one) if faults and version == NOTHING_HELD else None
            if faults and (held is None or held.version == NOTHING_HELD):
                raise _RefusedError(faults, "more-than-left")
            held = held or self._reserve(one, version)
            if held is None:
                return True
            version, pending = held.version, held.of(one.retailer)
            # The same bytes hold it already: they were let through, and everyone since has reckoned with them.
            is_promised = one.hold.field in held.fields
        raise _SendAgainError("Others are taking back parts of the same receipt just now.", answers.RETRY_SOON_S)

    def _hold_what_happened(self, one: "_One", done: Compared) -> Warned | None:
        """Reserves what was given back while nobody could be asked, whatever is left, and says what is wrong."""
        try:
            if self._hold(one, self._original_of(one)):
                done.holds[one.correction.position] = one.hold
            return None
        except _SendAgainError as fault:
            warning = Warned("not-compared", f"What is left of the receipt is not known. {fault}")
        except _RefusedError as fault:
            warning = _warned(fault)
            if fault.code != "more-than-left":
                return warning
        try:
            self._reserve(one, WHATEVER_IS_HELD)
            done.holds[one.correction.position] = one.hold
        except _SendAgainError:
            # Then it counts as soon as the ledger has it, and until then its sale cannot be reserved by others either.
            pass
        return warning

    def _reserve(self, one: "_One", version: int) -> Held | None:
        sums = sums_of(one.contents, parts_of(one.contents.lines))
        with _store_answers():
            return self.reservations.reserve(
                one.hold, version=version, retailer=one.retailer, sums=sums, now_ms=one.now_ms
            )

    def _look(self, one: "_One") -> Held:
        with _store_answers():
            return self.reservations.held_of(one.hold.original)

    def _original_of(self, one: "_One") -> Original:
        """The sale, from the ledger. One that is on its way there is waited for."""
        place = one.hold.original
        found = _ask(place)
        if found is None:
            is_on_its_way = one.is_together or self._is_on_its_way(place)
            # Once more: the ledger may have taken it before the store was looked at.
            found = _ask(place)
            if found is None and is_on_its_way:
                raise _SendAgainError("The sale that it takes back is still being recorded.", answers.RETRY_SOON_S)
        if found is None and self._may_come_back(place, one.now_ms):
            raise _SendAgainError(
                "The capture store was rebuilt lately, and may still get back the sale that it takes back.",
                answers.RETRY_LATER_S,
            )
        if found is None:
            raise _RefusedError([Fault("/refers_to", "is no receipt that is recorded")], "not-of-the-receipt")
        return found

    def _may_come_back(self, place: CodePlace, now_ms: int) -> bool:
        """Whether the shard's store was rebuilt so lately that its old disk may still be captured again."""
        shard = shard_of(place.terminal)
        with _store_answers():
            started_s = read_heads(self.stores.store_for(shard), [shard])[0].started_s
        # Of days before, everything was in the ledger long ago.
        is_of_then = abs(utc(started_s * MS_PER_S).date() - place.day) <= DAYS_LOST_MAX
        return is_of_then and now_ms - started_s * MS_PER_S < COMES_BACK_MS

    def _is_on_its_way(self, place: CodePlace) -> bool:
        """Whether the store may have taken the sale and something of its shard is not in the ledger yet."""
        shard = shard_of(place.terminal)
        try:
            client = self.stores.store_for(shard)
            state = read_state(client, place.terminal)
            # At or below the floor the state does not know any more.
            if state is None or not (state.has_seen(place.sequence) or place.sequence <= state.floor):
                return False
            return read_heads(client, [shard])[0].waiting > 0
        except (RedisError, OSError) as fault:
            raise _SendAgainError("The receipt's capture store is away.", answers.RETRY_SOON_S) from fault


class _One(NamedTuple):
    """One correction with what is known of it before anybody is asked; `is_together`: its sale is in the same call."""

    correction: Correction
    contents: Contents
    hold: Hold
    retailer: int
    now_ms: int
    is_together: bool


@contextmanager
def _store_answers() -> Iterator[None]:
    """What a store's faults are called in an answer."""
    try:
        yield
    except ResponseError as fault:
        raise _SendAgainError("The capture store takes nothing just now.", answers.RETRY_LATER_S) from fault
    except (RedisError, OSError) as fault:
        raise _SendAgainError("The receipt's capture store is away.", answers.RETRY_SOON_S) from fault


def _ask(place: CodePlace) -> Original | None:
    try:
        return _originals[0](place)
    except OriginalsAwayError as fault:
        raise _SendAgainError("The ledger cannot be asked just now.", answers.RETRY_LATER_S) from fault


def _warned(fault: _RefusedError) -> Warned:
    said = "; ".join(f"{one.pointer} {one.detail}" for one in fault.faults[:WARNED_FAULTS_MAX])
    return Warned(fault.code, f"It is kept, because it was made offline: {said}")
