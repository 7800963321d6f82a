"""Has the judges look at tills, a bounded number at a time, and makes findings of what they say.

    sweep     for each kind the terminals that its judge should look at, in the order of their numbers: some more in
              each round, and a new sweep once the last is over and old enough
    slice     some terminals: judged, their findings written and the sweep's place noted in one DB transaction; killed
              anywhere, the next round goes on with the same ones
    verdicts  open a finding, or change its score and evidence; what is not said any more closes itself

What a person accepted or dismissed stays so, as do its score and evidence, until there is more of it than there was
then, or it comes again after COMES_AGAIN without it. Whatever changes a finding's state is a note.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, connection, transaction

from findings import after_close_reading, clock, conflicts, gap_judge, refunds_reading, silent_reading, unknown_reading
from findings.consumers import CONSUMER
from findings.evidence import Evidence
from findings.models import Finding, FindingNote, Sweep
from findings.reading import changed_tills
from findings.verdicts import Judge, Verdict
from ledger.feeding.models import Cursor
from possys.failpoints import reach
from transactions.stream import SHARD_COUNT, shard_of

logger = logging.getLogger(__name__)

# Numbers the advisory lock under which findings are judged: one process at a time.
LOCK = 7_204_501
# A round's length: shorter than the minute from one to the next.
ROUND_S = 40.0
# A silence takes days to tell.
SILENT_EVERY = timedelta(minutes=10)
# After so long without it, what was dismissed is news.
COMES_AGAIN = timedelta(days=7)
# A silence is no till's while the feed itself is behind.
FED_WITHIN = timedelta(minutes=5)
WEEKS_EVERY = timedelta(minutes=15)
# Names the judges in notes.
BY = "judge"
NEVER_FED = [0] * SHARD_COUNT
# What the judges may change of a finding that is there.
CHANGING = ("retailer", "store", "began_at", "updated_at", "score", "evidence", "state", "closed_at", "gone_at")

# The next terminals behind a number, at most so many, in order.
Candidates = Callable[[int, int, datetime], list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedKind:
    """How one kind is judged: by whom, which terminals (None: those that were fed since the sweep before), how many of
    them in a slice, and how often. `needs_all` looks only where everything that came is fed.
    """

    kind: str
    judge: Judge
    candidates: Candidates | None = None
    slice_tills: int = 1000
    every: timedelta = timedelta(minutes=1)
    needs_all: bool = False


KINDS = {
    one.kind: one
    for one in (
        JudgedKind(kind=Finding.Kind.GAP, judge=gap_judge.judge, candidates=gap_judge.candidates),
        # Each new conflict reads two blocks.
        JudgedKind(kind=Finding.Kind.CONFLICT, judge=conflicts.judge, candidates=conflicts.candidates, slice_tills=100),
        JudgedKind(kind=Finding.Kind.CLOCK, judge=clock.judge, candidates=clock.candidates),
        JudgedKind(
            kind=Finding.Kind.SILENT,
            judge=silent_reading.judge,
            candidates=silent_reading.candidates,
            every=SILENT_EVERY,
            needs_all=True,
        ),
        # These look at weeks, which a minute hardly changes, and at other tills to compare with.
        JudgedKind(kind=Finding.Kind.REFUNDS, judge=refunds_reading.judge, every=WEEKS_EVERY),
        JudgedKind(kind=Finding.Kind.UNKNOWN_PRODUCTS, judge=unknown_reading.judge, every=WEEKS_EVERY),
        JudgedKind(kind=Finding.Kind.AFTER_CLOSE, judge=after_close_reading.judge, every=WEEKS_EVERY),
    )
}


@dataclass
class Judged:
    """What was done: terminals looked at, and findings by what became of them."""

    tills: int = 0
    opened: int = 0
    reopened: int = 0
    changed: int = 0
    closed: int = 0
    failed: int = 0
    verdicts: list[Verdict] = field(default_factory=list)

    def __str__(self) -> str:
        said = f"{self.tills:,} tills judged; {self.opened:,} opened, {self.reopened:,} opened again"
        said += f", {self.changed:,} changed, {self.closed:,} closed"
        return f"{said}; {self.failed:,} slices failed" if self.failed else said


def judge_due(now: datetime, *, round_s: float = ROUND_S) -> Judged | None:
    """One round: a slice of each kind that is due in turn, until all sweeps are over or the time is.

    None when another process judges. Raises OperationalError and InterfaceError when the database is away.
    """
    until_s = time.monotonic() + round_s
    done = Judged()
    with _alone() as is_alone:
        if not is_alone:
            return None
        sweeps = [sweep for one in KINDS.values() if (sweep := _sweep_of(one, now)) is not None]
        # Who waited longest comes first, so that a round which is too short leaves nobody out for ever.
        sweeps.sort(key=lambda sweep: sweep.judged_at)
        while sweeps and time.monotonic() < until_s:
            for sweep in sweeps.copy():
                _judge_slice(KINDS[sweep.kind], sweep, now, done)
                if sweep.is_over:
                    sweeps.remove(sweep)
    done.verdicts.clear()
    return done


def judge_all(kind: str, now: datetime) -> Judged | None:
    """The sweep of one kind that goes on, or a new one however young the last is, to its end; with its verdicts.

    None when another process judges. Raises whatever the judge raises.
    """
    one, done = KINDS[kind], Judged()
    with _alone() as is_alone:
        if not is_alone:
            return None
        sweep = _sweep_of(one, now, every=timedelta(0))
        while sweep is not None and not sweep.is_over:
            _judge_slice(one, sweep, now, done, raises=True)
    return done


def judge(kind: str, now: datetime) -> list[Verdict]:
    """What is said of all tills of one kind; findings are made of it. Raises RuntimeError while another one judges."""
    look_again([kind])
    done = judge_all(kind, now)
    if done is None:
        raise RuntimeError("findings are being judged by another process")
    return done.verdicts


def look_again(kinds: Collection[str]) -> None:
    """Has the next sweeps of these kinds look at every till, as after a rebuild that changed facts."""
    Sweep.objects.filter(kind__in=kinds).delete()


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (is_alone,) = cursor.fetchone()
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _sweep_of(one: JudgedKind, now: datetime, *, every: timedelta | None = None) -> Sweep | None:
    """The sweep that goes on, or a new one; None when the last is not old enough."""
    known = Sweep.objects.filter(kind=one.kind).first()
    if known is not None and not known.is_over:
        return known
    if known is not None and now - known.began_at < (one.every if every is None else every):
        return None
    fed = [*NEVER_FED]
    for shard, block in Cursor.objects.filter(consumer=CONSUMER).values_list("shard", "block"):
        fed[shard] = block
    made = Sweep(
        kind=one.kind,
        since_blocks=NEVER_FED if known is None else known.began_blocks,
        began_blocks=fed,
        began_at=now,
        judged_at=now if known is None else known.judged_at,
    )
    made.save()
    return made


def _judge_slice(one: JudgedKind, sweep: Sweep, now: datetime, done: Judged, *, raises: bool = False) -> None:
    """Judges the next terminals of a sweep. A judge that fails is alarmed and its slice left out until the next."""
    terminals = _next_tills(one, sweep, now)
    sweep.is_over = len(terminals) < one.slice_tills
    sweep.after = terminals[-1] if terminals else sweep.after
    sweep.judged_at = now
    try:
        with transaction.atomic():
            if terminals:
                looked_at = _fed_to(terminals, now) if one.needs_all else terminals
                verdicts = one.judge(looked_at, now)
                apply(one.kind, looked_at, verdicts, now, done)
                done.verdicts += verdicts
            sweep.save()
            reach("findings.before-commit")
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if raises:
            raise
        logger.exception("ALARM findings of kind %s cannot be judged up to terminal %d", one.kind, sweep.after)
        done.failed += 1
        sweep.save()


def _next_tills(one: JudgedKind, sweep: Sweep, now: datetime) -> list[int]:
    """What the judge wants to look at, and what has a finding that it may not say any more."""
    candidates = one.candidates or partial(_changed, sweep.since_blocks)
    wanted = candidates(sweep.after, one.slice_tills, now)
    said = (
        Finding.objects.filter(kind=one.kind, gone_at=None, terminal__gt=sweep.after)
        .order_by("terminal")
        .values_list("terminal", flat=True)
        .distinct()
    )
    return sorted({*wanted, *said[: one.slice_tills]})[: one.slice_tills]


def _changed(since_blocks: Sequence[int], after: int, limit: int, now: datetime) -> list[int]:
    return changed_tills(after, limit, since_blocks)


def _fed_to(terminals: Sequence[int], now: datetime) -> list[int]:
    """Those in whose shard everything that came until lately is fed."""
    rows = Cursor.objects.filter(consumer=CONSUMER, complete_to__gte=now - FED_WITHIN)
    fed = set(rows.values_list("shard", flat=True))
    return [terminal for terminal in terminals if shard_of(terminal) in fed]


def apply(
    kind: str, terminals: Collection[int], verdicts: Collection[Verdict], now: datetime, done: Judged | None = None
) -> Judged:
    """Makes findings of all that is said of these terminals; inside the caller's DB transaction."""
    done = done or Judged()
    done.tills += len(terminals)
    rows = Finding.objects.select_for_update().filter(kind=kind, terminal__in=terminals).order_by("pk")
    known = {(one.terminal, one.subject): one for one in rows}
    new, changed, notes = [], [], list[FindingNote]()
    for verdict in verdicts:
        finding = known.pop((verdict.terminal, verdict.subject), None)
        if finding is None:
            new.append(_opened(verdict, now))
        elif _follow(finding, verdict, now, notes, done):
            changed.append(finding)
    changed += [finding for finding in known.values() if _let_go(finding, now, notes, done)]
    Finding.objects.bulk_create(new)
    notes += [_note(one, Finding.State.OPEN, now) for one in new]
    done.opened += len(new)
    # By their keys, which are there: ten times as fast as a statement that names each row's case.
    Finding.objects.bulk_create(changed, update_conflicts=True, unique_fields=["pk"], update_fields=CHANGING)
    FindingNote.objects.bulk_create(notes)
    return done


def _opened(verdict: Verdict, now: datetime) -> Finding:
    return Finding(
        kind=verdict.kind,
        retailer=verdict.retailer,
        store=verdict.store,
        terminal=verdict.terminal,
        subject=verdict.subject,
        began_at=verdict.began_at,
        opened_at=now,
        updated_at=now,
        score=verdict.score,
        evidence=verdict.evidence.as_json(),
    )


def _follow(finding: Finding, verdict: Verdict, now: datetime, notes: list[FindingNote], done: Judged) -> bool:
    """What a verdict makes of a finding that is there; whether it changed."""
    if finding.closed_at is None:
        return _update(finding, verdict, now, done)
    why = _why_again(finding, verdict.evidence, now)
    if not why:
        was_gone, finding.gone_at = finding.gone_at is not None, None
        return was_gone
    _move(finding, Finding.State.OPEN, why, now, notes)
    finding.closed_at = finding.gone_at = None
    _update(finding, verdict, now, Judged())
    done.reopened += 1
    return True


def _why_again(finding: Finding, evidence: Evidence, now: datetime) -> str:
    """Why something that was over is open again; "" when it is not."""
    if finding.state == Finding.State.RESOLVED:
        return "it is there again"
    if evidence.has_grown(finding.evidence):
        return f"there is more of it than when it was {finding.state}"
    if finding.gone_at is not None and now - finding.gone_at >= COMES_AGAIN:
        return f"it came again after {(now - finding.gone_at).days} days"
    return ""


def _update(finding: Finding, verdict: Verdict, now: datetime, done: Judged) -> bool:
    evidence = verdict.evidence.as_json()
    if (finding.score, finding.evidence, finding.began_at) == (verdict.score, evidence, verdict.began_at):
        return False
    finding.retailer, finding.store, finding.began_at = verdict.retailer, verdict.store, verdict.began_at
    finding.score, finding.evidence, finding.updated_at = verdict.score, evidence, now
    done.changed += 1
    return True


def _let_go(finding: Finding, now: datetime, notes: list[FindingNote], done: Judged) -> bool:
    """A finding that nobody says any more: closes itself, unless a person did; whether it changed."""
    if finding.gone_at is not None:
        return False
    finding.gone_at = now
    if finding.closed_at is None:
        _move(finding, Finding.State.RESOLVED, "nothing of it is left", now, notes)
        finding.closed_at = now
        done.closed += 1
    return True


def _move(finding: Finding, state: str, why: str, now: datetime, notes: list[FindingNote]) -> None:
    notes.append(_note(finding, f"{finding.state} -> {state}: {why}", now))
    finding.state = state


def _note(finding: Finding, text: str, now: datetime) -> FindingNote:
    return FindingNote(finding=finding, at=now, by=BY, kind=FindingNote.Kind.STATE, text=text, is_internal=False)
