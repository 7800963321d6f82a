"""A till: enrolled once in a folder, then it sells, whatever the network does."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from possys_till import receipt
from possys_till.amounts import Number
from possys_till.answers import Answer
from possys_till.backoff import Backoff
from possys_till.circuit import Circuit
from possys_till.clock import Clock, local_now
from possys_till.corrections import corrected, taken_back
from possys_till.credential import Credential, CredentialFile, Pending
from possys_till.faults import Blocked, SaleRefused, StorageError, Unknown, Unreachable
from possys_till.queue import ASIDE, WAITING, Kept, Queue
from possys_till.receipt import Receipt
from possys_till.sale import Content, Line, Payment, Rules, build, read_code, write
from possys_till.sender import BLOCKED_LOOK_S, News, Sender
from possys_till.server import ANSWER_LIMIT_S, Server
from possys_till.verdicts import warnings_of

QUEUE_FILE = "queue.sqlite3"
SOFTWARE = "possys-till 0.1.0"
# An enrolment whose answer is lost is asked for again at once; after that a person sees why.
ENROLMENT_TRIES = 4
ENROLMENT_BACKOFF = Backoff(first_s=0.2, most_s=2.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a till may be told otherwise than usual; the usual values are right for a till with a customer before it.

    `queue_pages_max` bounds the queue's file in pages of 4 kB; `on_news` is called in the background for each News.
    """

    answer_limit_s: float = ANSWER_LIMIT_S
    backoff: Backoff = Backoff()  # noqa: RUF009 (never changed)
    blocked_look_s: float = BLOCKED_LOOK_S
    queue_pages_max: int | None = None
    now: Callable[[], datetime] = local_now
    on_news: Callable[[News], None] | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How the till stands. `why` says why it sells offline or not at all; `clock` what is wrong with its clock."""

    terminal: int
    standing: str
    online: bool
    why: str
    waiting: int
    aside: int
    next_try_s: float
    clock: str | None
    clock_ahead_s: float | None
    expires_on: str | None
    fingerprint: str | None


class Till:
    """One enrolled till with its folder; for any number of threads. Use it in a `with` block, or close it.

    Raises NotEnrolled, FolderInUse, or StorageError where the folder cannot be used.
    """

    def __init__(self, folder: str | Path, rules: Rules | None = None, *, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.rules = rules or Rules()
        self.folder = Path(folder)
        self._file = CredentialFile(self.folder)
        held = self._file.held()
        self._queue = Queue(self.folder / QUEUE_FILE, pages_max=self.settings.queue_pages_max)
        try:
            self._queue.belong(held.terminal, held.url)
            self._clock = Clock(self.settings.now)
            self._circuit = Circuit(self.settings.backoff)
            # Questions that somebody waits for do not stand behind a batch.
            self._direct = Server(held.url, self._clock, answer_limit_s=self.settings.answer_limit_s)
            self._sender = Sender(
                self._queue,
                self._file,
                Server(held.url, self._clock, answer_limit_s=self.settings.answer_limit_s),
                self._clock,
                self._circuit,
                blocked_look_s=self.settings.blocked_look_s,
                tell=self.settings.on_news,
            )
        except BaseException:
            self._queue.close()
            raise
        self._sender.start()

    @classmethod
    def enrol(  # noqa: PLR0913 (what a first start needs)
        cls,
        url: str,
        code: str,
        folder: str | Path,
        rules: Rules | None = None,
        *,
        with_key: bool = True,
        last_number: int = 0,
        settings: Settings | None = None,
    ) -> "Till":
        """Exchanges a one-time code for the till's credential, and opens the till.

        It makes a key pair unless told not to, and proves it. Credential and key are kept in the folder for its owner
        alone. When no answer comes, calling it again with the same code is safe: it asks under the same name. Where
        the terminal sold from another folder before, numbers go on behind the last one that the server knows;
        `last_number` is the last one used there, if that is more, because some sales never arrived.
        Raises Refused when the code is wrong, used or too old; Unreachable; StorageError.
        """
        file = CredentialFile(Path(folder))
        symbols = read_code(code.replace("/E/", "/"))
        pending = file.pending
        if pending is None or (pending.code, pending.url) != (symbols, url):
            pending = Pending.make(with_key=with_key, code=symbols, url=url)
        server = Server(url, Clock())
        with contextlib.closing(Queue(file.folder / QUEUE_FILE)) as queue, contextlib.closing(server):
            # Behind the queue's lock: a till that is open here must not find another file than its own.
            file.keep(file.credential, pending)
            for attempt in range(ENROLMENT_TRIES):
                try:
                    credential = server.enrol(pending, software=SOFTWARE)
                    break
                except Unreachable:
                    if attempt == ENROLMENT_TRIES - 1:
                        raise
                    time.sleep(ENROLMENT_BACKOFF.wait_s(attempt))
            queue.belong(credential.terminal, credential.url)
            queue.begin_after(max(last_number, credential.last_sequence))
            file.keep(credential, None)
        return cls(folder, rules, settings=settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops sending and closes the folder. What was not sent is sent by the next Till of this folder."""
        self._sender.stop()
        self._direct.close()
        self._queue.close()

    @property
    def credential(self) -> Credential:
        """The credential in use."""
        return self._file.held()

    # Selling

    def sell(
        self,
        lines: Sequence[Line],
        payments: Sequence[Payment] = (),
        *,
        operator: str | None = None,
        buyer: str | None = None,
        lottery: str | None = None,
        training: bool = False,
    ) -> Receipt:
        """A sale; without payments it is paid in cash, exactly. Answers within two seconds, whatever the network does.

        Raises SaleError (nothing was sold), StorageError (nothing was sold), Blocked (this till must not sell), and
        SaleRefused when the server says no: the sale has a number and waits for `correct`.
        """
        content = Content(lines, payments, operator=operator, buyer=buyer, lottery=lottery)
        return self._train(content) if training else self._make(content)

    def refund(
        self,
        code: str,
        lines: Sequence[Line] | Mapping[int, Number] | None = None,
        payments: Sequence[Payment] = (),
        *,
        reason: str | None = None,
        operator: str | None = None,
    ) -> Receipt:
        """Gives a receipt of any till back: whole, by line (`{place: quantity}`, from 0), or lines as they were sold.

        Whole and by line need the sale in this till's folder; what is paid back goes the way it was paid unless
        `payments` (negative amounts) say otherwise. Raises as `sell`, and Unknown when the sale is not here.
        """
        return self._make(taken_back("refund", code, self._sold, lines, payments, reason=reason, operator=operator))

    def void(self, code: str, *, reason: str | None = None, operator: str | None = None) -> Receipt:
        """Takes a whole sale back that should not have been made. Raises as `refund`."""
        return self._make(taken_back("void", code, self._sold, reason=reason, operator=operator))

    def copy(self, code: str) -> Receipt:
        """The receipt again, marked COPY n; the server counts. Raises Unknown, Refused, Unreachable, StorageError."""
        kept = self._kept(read_code(code))
        if kept.code is None:
            raise Unknown(f"sale {kept.sequence} has no code yet")
        request = self._queue.copy_request(kept.code, Pending.make(with_key=False).request)
        number = self._direct.copy(kept.code, request, self.credential)
        self._queue.copied(kept.code)
        return Receipt.of(kept, self.credential).as_copy(number)

    def correct(
        self,
        sequence: int,
        lines: Sequence[Line] | None = None,
        payments: Sequence[Payment] = (),
        *,
        issued_at: datetime | None = None,
        **changes: Any,
    ) -> None:
        """Sends a refused sale again under its own number, so that a printed QR code still leads to it.

        With nothing else exactly the same bytes (after the terminal was suspended); with `issued_at` the same sale at
        another time (the clock was wrong); with lines a new sale of these and of the payments, with `operator`,
        `buyer`, `reason` and the like of the refused one unless they are given. The answer comes as news.
        Raises SaleError, Unknown, StorageError, TillError when it was not put aside.
        """
        kept = self._queue.find(sequence)
        sold, body = kept.sale, kept.body
        if lines is not None or issued_at is not None or changes:
            fields = sold if lines is None else corrected(sold, lines, payments, changes, self.rules)
            body = write(
                fields,
                terminal=self.credential.terminal,
                sequence=sequence,
                mode=sold["mode"],
                issued_at=issued_at or datetime.fromisoformat(sold["issued_at"]),
            )
        self._queue.correct(sequence, body, at=self._moment())
        self._sender.wake()

    # Looking

    def status(self) -> Status:
        """How the till stands."""
        held, counts, sender = self.credential, self._queue.counts(), self._sender
        key = held.key
        return Status(
            terminal=held.terminal,
            standing="credential refused" if sender.credential_refused else held.status,
            online=not self._circuit.is_open and sender.blocked is None,
            why=sender.blocked_words or sender.credential_refused or self._circuit.why,
            waiting=counts.waiting,
            aside=counts.aside,
            next_try_s=self._circuit.wait_s,
            clock=self._clock.warning,
            clock_ahead_s=self._clock.ahead_s,
            expires_on=held.expires_on,
            fingerprint=key.fingerprint if key else None,
        )

    def waiting(self) -> list[Receipt]:
        """The sales that the server has not taken yet, the oldest first."""
        return [Receipt.of(kept, self.credential) for kept in self._queue.listed(WAITING)]

    def aside(self) -> list[tuple[Receipt, int, str]]:
        """The sales that need a person, each with the status and words of its refusal."""
        return [
            (Receipt.of(kept, self.credential), kept.status or 0, str((kept.answer or {}).get("detail", "")))
            for kept in self._queue.listed(ASIDE)
        ]

    def find(self, sequence: int) -> Receipt:
        """The receipt of a sale as it stands now. Raises Unknown."""
        return Receipt.of(self._queue.find(sequence), self.credential)

    def quantity_of(self, code: str, place: int) -> str:
        """How much a line of a sale has, by its place from 0. Raises Unknown."""
        lines = self._kept(read_code(code)).sale["lines"]
        if not 0 <= place < len(lines):
            raise Unknown(f"the sale has {len(lines)} lines")
        return str(lines[place]["quantity"])

    def last(self) -> Receipt | None:
        """The receipt of the latest sale."""
        kept = self._queue.latest()
        return None if kept is None else Receipt.of(kept, self.credential)

    def news(self) -> list[News]:
        """What happened in the background since the last call."""
        found = []
        with contextlib.suppress(IndexError):
            while True:
                found.append(self._sender.news.popleft())
        return found

    def look_now(self) -> None:
        """Has the server asked at once, and not when the back-off is over."""
        self._sender.look_now()

    def drain(self, limit_s: float) -> bool:
        """Waits until nothing waits in the queue; whether that came within the limit."""
        until_s = time.monotonic() + limit_s
        while self._queue.counts().waiting:
            if time.monotonic() > until_s:
                return False
            time.sleep(0.01)
        return True

    # How

    def _make(self, content: Content) -> Receipt:
        """Puts a sale into the queue and waits for its answer, or for none."""
        self._check_standing("testing")
        fields = build(content, self.rules)
        offline = self._circuit.is_open or self._sender.behind
        terminal, issued_at = self.credential.terminal, self.settings.now()
        futures = []

        def body(sequence: int) -> bytes:
            made = write(
                fields, terminal=terminal, sequence=sequence, mode="offline" if offline else "online",
                issued_at=issued_at,
            )  # fmt: skip
            # Before the sender can see the sale.
            futures.append((sequence, self._sender.expect(sequence)))
            return made

        begun_s = time.monotonic()
        try:
            kept = self._queue.add(body, offline=offline)
        except BaseException:
            for sequence, _ in futures:
                self._sender.forget(sequence)
            raise
        sequence, future = futures[0]
        if offline or self._circuit.is_open:
            # Opened just now: whoever it let go has not met this sale yet.
            self._sender.forget(sequence)
            return self._offline(kept)
        self._sender.wake()
        try:
            answer = future.result(max(0.0, self.settings.answer_limit_s - (time.monotonic() - begun_s)))
        except NotYet:
            self._sender.forget(sequence)
            if not future.done():
                if sequence not in self._sender.put_off:
                    self._circuit.trip(f"no answer within {self.settings.answer_limit_s:g} s")
                return self._offline(kept)
            answer = future.result()
        return self._answered(kept, answer)

    def _answered(self, kept: Kept, answer: Answer) -> Receipt:
        if answer.code is not None:
            taken = replace(kept, code=answer.code, answer=answer.said)
            made = Receipt.of(taken, self.credential)
            said = [f"{one.get('code')}: {one.get('detail')}" for one in warnings_of(answer.said)]
            return replace(made, warnings=(*self._clock_warning(), *said))
        state = self._queue.find(kept.sequence).state
        if state == ASIDE:
            self._check_standing("testing", sequence=kept.sequence)
            raise SaleRefused(kept.sequence, answer.status, answer.problem)
        return self._offline(kept)

    def _offline(self, kept: Kept) -> Receipt:
        """The receipt of a sale that the server will get later."""
        warnings = list(self._clock_warning())
        if not kept.offline:
            try:
                self._queue.printed_offline(kept.sequence)
            except StorageError as fault:
                warnings.append(str(fault))
        if self._sender.credential_refused:
            warnings.append(f"the server does not take this till's credential: {self._sender.credential_refused}")
        made = Receipt.of(replace(kept, offline=True), self.credential)
        return replace(made, warnings=tuple(warnings))

    def _train(self, content: Content) -> Receipt:
        """A training sale: checked by the server and never kept, so it is sent once and there is no offline."""
        self._check_standing()
        fields = build(content, self.rules)
        sequence, held = self._queue.training_number(), self.credential
        body = write(fields, terminal=held.terminal, sequence=sequence, mode="training", issued_at=self.settings.now())
        answer = self._direct.send([body], held)[0]
        if answer.code is None:
            if answer.again:
                raise Unreachable(answer.problem or f"the server answered {answer.status}")
            raise SaleRefused(sequence, answer.status, answer.problem)
        kept = Kept(sequence, body, "training", offline=False, code=answer.code, answer=answer.said)
        return replace(Receipt.of(kept, held), standing=receipt.TRAINING, warnings=self._clock_warning())

    def _sold(self, code: str) -> Mapping[str, Any]:
        """The sale of a receipt code. Raises Unknown."""
        return self._kept(code).sale

    def _kept(self, code: str) -> Kept:
        kept = self._queue.find_code(code)
        if kept is None:
            raise Unknown(f"this till does not keep the receipt {code}: it is another till's, or too old")
        return kept

    def _check_standing(self, *more: str, sequence: int | None = None) -> None:
        """Raises Blocked when the terminal must not sell, or is in one of these further states."""
        status = self.credential.status
        if self._sender.blocked is None and status not in more:
            return
        words = self._sender.blocked_words
        if sequence is not None:
            words = f"{words} Sale {sequence} is kept: `correct({sequence})` sends it when the till may sell again."
        elif status == "testing":
            words = "It takes training sales only."
        raise Blocked(status, words)

    def _clock_warning(self) -> tuple[str, ...]:
        warning = self._clock.warning
        return () if warning is None else (warning,)

    def _moment(self) -> str:
        return self.settings.now().astimezone(UTC).isoformat(timespec="milliseconds")
