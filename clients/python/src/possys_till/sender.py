"""The one thread that speaks with the server: it sends what waits in order, in batches after an outage, and probes.

    circuit closed   the oldest waiting sales, up to a batch at a time, until none waits; a refund that cannot be
                     judged yet comes again by itself, and the others go past it
    circuit open     after back-off with jitter the oldest one alone; an answer closes the circuit
    blocked          nothing but a question now and then whether the terminal may sell again

Whoever makes a sale leaves it in the queue and waits here for its answer, two seconds at most.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from possys_till.answers import LOST, Answer
from possys_till.backoff import Backoff
from possys_till.circuit import Circuit
from possys_till.clock import Clock
from possys_till.credential import CredentialFile, Pending
from possys_till.faults import Refused, StorageError, TillError, Unreachable
from possys_till.put_off import PutOff, waits_alone
from possys_till.queue import Kept, Queue
from possys_till.server import Server
from possys_till.verdicts import TOKEN_REPLACED, of_credential, of_sale, of_till, warnings_of

BATCH_SALES_MAX = 100
# Half of what the server takes, so that signatures and another server's smaller limit have room.
BATCH_BYTES_MAX = 2 * 1024 * 1024
BLOCKED_LOOK_S = 60.0
# Whoever ends a till waits no longer for an answer; the sale is asked for again at the next start.
STOP_LIMIT_S = 1.0
RENEWAL = Backoff(first_s=30.0, most_s=3600.0)
# The notice stands in every answer. What is new today is not renewed again, whatever the server says.
RENEWED_FOR_S = 24 * 3600.0
NEWS_MAX = 1000
KEEP_DAYS = 400
PRUNE_EVERY_S = 24 * 3600.0
EXPIRES = "credential-expires"
# "replaced" is this package's word: another credential was issued, as for a terminal that was reported lost.
REPLACED = "replaced"
BLOCKING = ("enrolled", "suspended", "lost", "retired", REPLACED)


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened in the background.

    `kind` is accepted, aside, offline, online, credential, blocked, active, disk or fault.
    """

    kind: str
    text: str
    sequence: int | None = None


@dataclass
class Sender:
    """Sends a till's queue; `start` and `stop` its thread."""

    queue: Queue
    file: CredentialFile
    server: Server
    clock: Clock
    circuit: Circuit
    renewal: Backoff = RENEWAL
    blocked_look_s: float = BLOCKED_LOOK_S
    tell: Callable[[News], None] | None = None
    news: deque[News] = field(default_factory=lambda: deque(maxlen=NEWS_MAX))
    # Why the server does not take the credential; empty while it does.
    credential_refused: str = ""
    blocked_words: str = ""
    # More waits than one batch holds: a new sale would stand behind it for too long.
    behind: bool = False

    def __post_init__(self) -> None:
        self.put_off = PutOff()
        self._waiters: dict[int, Future[Answer]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="possys-till-sender", daemon=True)
        self._renew_due = self._pending_renewal() is not None
        self._renewals_failed = 0
        self._renew_at_s = self._look_at_s = self._prune_at_s = 0.0
        self._renewed_until_s = -RENEWED_FOR_S

    def start(self) -> None:
        """Begins with what waits from earlier."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; what is on its way is answered soon or given up. Sales stay in the queue."""
        self._stopping = True
        self._wake.set()
        self._thread.join(STOP_LIMIT_S)
        while self._thread.is_alive():
            self.server.abort()
            self._thread.join(STOP_LIMIT_S)

    def wake(self) -> None:
        """Has it look at the queue."""
        self._wake.set()

    def expect(self, sequence: int) -> Future[Answer]:
        """The answer to come of a sale that is about to be put into the queue."""
        future: Future[Answer] = Future()
        with self._lock:
            self._waiters[sequence] = future
        return future

    def forget(self, sequence: int) -> None:
        """Nobody waits for that answer any more; when it comes it is news."""
        with self._lock:
            self._waiters.pop(sequence, None)

    @property
    def blocked(self) -> str | None:
        """The terminal's status when it must not sell."""
        status = self.file.held().status
        return status if status in BLOCKING else None

    def report(self, kind: str, text: str, sequence: int | None = None) -> None:
        """Adds to the news."""
        one = News(kind, text, sequence)
        self.news.append(one)
        if self.tell is not None:
            self.tell(one)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                wait_s = self._step()
            except StorageError as fault:
                # Answers that could not be written down are asked for again; a sale is never counted twice.
                self._open(str(fault), kind="disk")
                wait_s = self.circuit.wait_s
            except Exception as fault:
                # A till whose sender ended would sell offline for ever: it goes on, and says what was wrong.
                self._open(f"a fault in the till's program: {fault!r}", kind="fault")
                wait_s = self.circuit.wait_s
            self._wake.wait(wait_s)
        self.server.close()

    def _step(self) -> float | None:
        """Does the next thing; how long to wait then, None until something wakes it."""
        if self.circuit.is_open and self.circuit.wait_s:
            return self.circuit.wait_s
        if self.blocked and (wait_s := self._look_again()):
            return wait_s
        self._renew()
        self._prune()
        most = 1 if self.circuit.is_open else BATCH_SALES_MAX
        found = self.queue.waiting(
            sales_max=BATCH_SALES_MAX + 1, bytes_max=BATCH_BYTES_MAX, without=self.put_off.not_due()
        )
        entries, self.behind = found[:most], len(found) > BATCH_SALES_MAX
        if entries:
            self._settle(entries, self.server.send([one.body for one in entries], self.file.held()))
            return self.circuit.wait_s
        if self.circuit.is_open:
            self._probe()
            return self.circuit.wait_s
        renewal_s = max(0.0, self._renew_at_s - time.monotonic()) if self._renew_due else PRUNE_EVERY_S
        return self.put_off.wait_s(renewal_s)

    # What the server said

    def _settle(self, entries: Sequence[Kept], answers: Sequence[Answer]) -> None:
        """Writes down what became of each sale, tells who waits, and opens or closes the circuit."""
        at = self._moment()
        if (refusal := next(filter(of_till, answers), None)) is not None:
            self._block(refusal)
        # Those who wait hear of their code also when it could not be written down; the queue will ask for it again.
        unwritten = self._write_down(entries, answers, at)
        open_ones = list[Answer]()
        settled = 0
        for kept, answer in zip(entries, answers, strict=True):
            if answer.code is not None or of_sale(answer):
                settled += 1
                self.put_off.settled(kept.sequence)
                if answer.code is not None:
                    self._accepted(kept, answer)
                else:
                    self._refused(kept, answer, at)
            elif waits_alone(kept.sale, answer):
                self.put_off.put(kept.sequence, answer.wait_s)
            else:
                open_ones.append(answer)
                self._unanswered(kept, answer)
        if unwritten is not None:
            raise unwritten
        if open_ones:
            self._failed(open_ones)
        elif settled and self.circuit.succeeded():
            self.report("online", "the server answers again")

    def _write_down(self, entries: Sequence[Kept], answers: Sequence[Answer], at: str) -> StorageError | None:
        """Has the codes on disk; what the disk says against it."""
        taken = [
            (kept.sequence, answer.code, answer.said, answer.status)
            for kept, answer in zip(entries, answers, strict=True)
            if answer.code is not None
        ]
        try:
            if taken:
                self.queue.accepted(taken, at=at)
        except StorageError as fault:
            return fault
        return None

    def _accepted(self, kept: Kept, answer: Answer) -> None:
        self.credential_refused = ""
        noticed = any(one.get("code") == EXPIRES for one in warnings_of(answer.said))
        if noticed and not self._renew_due and time.monotonic() >= self._renewed_until_s:
            self._renew_due, self._renew_at_s = True, 0.0
        if not self._answered(kept.sequence, answer):
            how = "printed offline, " if kept.offline else ""
            self.report("accepted", f"sale {kept.sequence}, {how}has the code {answer.code}", kept.sequence)

    def _refused(self, kept: Kept, answer: Answer, at: str) -> None:
        self.queue.put_aside(kept.sequence, answer.status, answer.said, at=at)
        if not self._answered(kept.sequence, answer):
            self.report("aside", f"sale {kept.sequence} needs a person: {answer.problem}", kept.sequence)

    def _unanswered(self, kept: Kept, answer: Answer) -> None:
        """The sale stays in the queue, but for one that nobody printed because the terminal must not sell."""
        future = self._take_waiter(kept.sequence)
        if future is None:
            return
        if of_till(answer) and not kept.offline:
            self.queue.put_aside(kept.sequence, answer.status, answer.said, at=self._moment())
        future.set_result(answer)

    def _failed(self, answers: Sequence[Answer]) -> None:
        """Opens the circuit; a refusal of the terminal or its credential is looked into first."""
        for answer in answers:
            if of_till(answer):
                with self._lock:
                    others = list(self._waiters)
                for sequence in others:
                    self._unanswered(self.queue.find(sequence), answer)
                self._look(answer)
                return
        answer = max(answers, key=lambda one: one.wait_s)
        if of_credential(answer):
            if not self.credential_refused:
                self.report("credential", f"the server does not take this till's credential: {answer.problem}")
            self.credential_refused = answer.problem
        why = answer.problem or f"the server answered {answer.status}"
        if isinstance(outage := answer.said.get("outage"), dict):
            why += f" An {outage.get('kind')} is declared since {outage.get('began_at')}."
        self._open(why, answer.wait_s)

    def _open(self, why: str, retry_after_s: float = 0.0, kind: str = "offline") -> None:
        """Opens the circuit, and lets everybody go who waits: also those whose sale was not sent yet."""
        if self.circuit.failed(why, retry_after_s):
            self.report(kind, f"selling offline: {why}")
        with self._lock:
            waiters, self._waiters = self._waiters, {}
        for future in waiters.values():
            future.set_result(Answer(LOST, None, why))

    def _answered(self, sequence: int, answer: Answer) -> bool:
        """Tells who waits for it; whether somebody does."""
        future = self._take_waiter(sequence)
        if future is None:
            return False
        future.set_result(answer)
        return True

    def _take_waiter(self, sequence: int) -> Future[Answer] | None:
        with self._lock:
            return self._waiters.pop(sequence, None)

    # Whether the terminal may sell

    def _block(self, refusal: Answer) -> None:
        """Sells no more from now on; what exactly the terminal's status is, a look says."""
        self.blocked_words = refusal.problem
        status = "testing" if "/mode" in refusal.pointers else "suspended"
        if refusal.problem_type == TOKEN_REPLACED:
            status = REPLACED
        self.file.keep(self.file.held().told({"status": status}), self.file.pending)

    def _look(self, refusal: Answer) -> None:
        """Asks for the terminal's status after a sale was refused because of it, and keeps it."""
        said = self.file.held()
        with suppress(Unreachable, Refused):
            said = self.server.look(said)
            self.file.keep(said, self.file.pending)
        self._look_at_s = time.monotonic() + self.blocked_look_s
        if said.status in BLOCKING:
            self.report("blocked", f"this terminal is {said.status}: {refusal.problem}")
        elif said.status == "active":
            # It changed between the two questions; the sale is simply sent again.
            self.circuit.failed(refusal.problem)
        else:
            self._stuck(refusal)

    def _stuck(self, refusal: Answer) -> None:
        """A testing terminal takes training sales only: what waits waits for better days."""
        if self.circuit.failed(refusal.problem, self.blocked_look_s):
            self.report("blocked", f"this terminal takes training sales only: {refusal.problem}")

    def _look_again(self) -> float:
        """How long a blocked terminal stays silent; 0 when it may sell again."""
        wait_s = self._look_at_s - time.monotonic()
        if wait_s > 0:
            return wait_s
        self._look_at_s = time.monotonic() + self.blocked_look_s
        before = self.file.held()
        try:
            now = self.server.look(before)
        except Unreachable:
            return self.blocked_look_s
        except Refused as fault:
            self.blocked_words = str(fault)
            return self.blocked_look_s
        if now != before:
            self.file.keep(now, self.file.pending)
        if now.status in BLOCKING:
            return self.blocked_look_s
        self.blocked_words = ""
        self.report("active", f"this terminal is {now.status} again")
        return 0.0

    def look_now(self) -> None:
        """Has the next probe, and the next question about a blocked terminal, made at once."""
        self._look_at_s = 0.0
        self.put_off.all_due()
        self.circuit.probe_now()
        self.wake()

    def _probe(self) -> None:
        """Asks for the terminal's status when no sale waits that could be sent instead."""
        before = self.file.held()
        try:
            now = self.server.look(before)
        except Unreachable as fault:
            self.circuit.failed(str(fault))
            return
        except Refused as fault:
            self.credential_refused = str(fault)
            self.circuit.failed(str(fault))
            return
        if now != before:
            self.file.keep(now, self.file.pending)
        self.credential_refused = ""
        if self.circuit.succeeded():
            self.report("online", "the server answers again")

    # The credential

    def _renew(self) -> None:
        """Asks for a new credential when it is due; an answer that was lost is asked for again by its name."""
        if not self._renew_due or time.monotonic() < self._renew_at_s or self.circuit.is_open:
            return
        held = self.file.held()
        pending = self._pending_renewal()
        if pending is None:
            pending = Pending.make(with_key=held.key is not None)
            self.file.keep(held, pending)
        try:
            renewed = self.server.renew(held, pending)
        except TillError as fault:
            if isinstance(fault, Refused):
                self.report("credential", f"the credential was not renewed: {fault}")
                self.file.keep(held, None)
            self._renew_at_s = time.monotonic() + self.renewal.wait_s(self._renewals_failed)
            self._renewals_failed += 1
            return
        self.file.keep(renewed, None)
        self._renew_due, self._renewals_failed = False, 0
        self._renewed_until_s = time.monotonic() + RENEWED_FOR_S
        self.report("credential", f"the credential was renewed; it ends on {renewed.expires_on}")

    def _pending_renewal(self) -> Pending | None:
        """What was asked already; an enrolment that was given up is none."""
        pending = self.file.pending
        return pending if pending is not None and pending.is_renewal else None

    def _prune(self) -> None:
        if time.monotonic() < self._prune_at_s or self.circuit.is_open:
            return
        self._prune_at_s = time.monotonic() + PRUNE_EVERY_S
        self.queue.prune(before=(self.clock.now().astimezone(UTC) - timedelta(days=KEEP_DAYS)).isoformat())

    def _moment(self) -> str:
        return self.clock.now().astimezone(UTC).isoformat(timespec="milliseconds")
