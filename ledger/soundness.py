"""Whether the ledger is sound, judged from what is known of it: facts in, a verdict and what to do out. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ledger.facts import Facts
from possys.clock import lasting

# The checkpointer signs within a second; the bound is 5. Behind this it is not at work.
CHECKPOINT_LATE = timedelta(seconds=30)
# A sample is checked every minute; this many were left out.
SAMPLE_LATE = timedelta(minutes=10)
# Everything is to be read again once a week.
FULL_LATE = timedelta(days=7)
# Alarms that nothing but a change of what was written, or an old copy of it, explains.
SIGNS_OF_CHANGE = frozenset({"damage-found", "blocks-went-away", "log-was-cut", "witness-contradicts"})


class Verdict(StrEnum):
    """The answer to "is the ledger sound?"."""

    SOUND = "sound"
    NOT_CHECKED_LATELY = "not checked lately"
    ATTENTION = "attention needed"


class Severity(StrEnum):
    """What a finding does to the verdict: attention; not checked lately; nothing, but worth knowing."""

    ALARM = "alarm"
    STALE = "stale"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know, and what to do. `name` is what docs/operations.md lists it under."""

    name: str
    severity: Severity
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Soundness:
    """The verdict, in a word and in a sentence, as of the last check that found nothing; findings, the worst first."""

    verdict: Verdict
    sentence: str
    as_of: datetime | None
    facts: Facts
    findings: list[Finding] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        """How many findings weigh so much."""
        return sum(finding.severity is severity for finding in self.findings)


def judge(facts: Facts) -> Soundness:
    """The verdict on these facts."""
    order = list(Severity)
    findings = sorted(
        [*_damage(facts), *_checkpoints(facts), *_witnesses(facts), *_checks(facts)],
        key=lambda finding: order.index(finding.severity),
    )
    found = {finding.severity for finding in findings}
    if Severity.ALARM in found:
        verdict = Verdict.ATTENTION
    else:
        verdict = Verdict.NOT_CHECKED_LATELY if Severity.STALE in found else Verdict.SOUND
    as_of = None if facts.last_well is None else facts.last_well.ended_at
    return Soundness(verdict, _sentence(facts, verdict, findings), as_of, facts, findings)


def _sentence(facts: Facts, verdict: Verdict, findings: list[Finding]) -> str:
    """For somebody who is no engineer."""
    if verdict is Verdict.ATTENTION:
        alarms = [finding.name for finding in findings if finding.severity is Severity.ALARM]
        is_changed = not SIGNS_OF_CHANGE.isdisjoint(alarms)
        begin = "There are signs that the ledger was changed" if is_changed else "Attention is needed"
        return f"{begin}: {_count(len(alarms), 'alarm')}."
    if facts.records == 0:
        return "The ledger is sound: there is nothing in it yet."
    as_of = facts.last_well
    if as_of is None:
        return "No fault is known, but the ledger has never been checked."
    when = f"{as_of.ended_at:%Y-%m-%d %H:%M:%S} UTC, {lasting(facts.now - as_of.ended_at)} ago"
    if verdict is Verdict.NOT_CHECKED_LATELY:
        return f"No fault is known as of {when}, but the ledger was not checked as it should be."
    return f"The ledger is sound as of {when}."


def _damage(facts: Facts) -> Iterator[Finding]:
    if facts.damaged is not None:
        run = facts.damaged
        yield Finding(
            "damage-found",
            Severity.ALARM,
            f"A check ({run.scope}) found {_count(run.fault_count, 'fault')} on {run.ended_at:%Y-%m-%d at %H:%M} UTC: "
            "something in the ledger is not as it was written.",
            "Change nothing. The run's page names each place. Keep a copy of the database and its backups, then find "
            "out who could write to it. This alarm stays until manage.py verify_ledger has read everything and found "
            "nothing.",
        )
    if facts.mended is not None:
        run = facts.mended
        yield Finding(
            "damage-was-found",
            Severity.NOTE,
            f"Faults were found on {run.ended_at:%Y-%m-%d at %H:%M} UTC ({_count(run.fault_count, 'fault')}, "
            f"{run.scope}); a later full check found none.",
            "Somebody brought back what was there before, or the check was mistaken. If you do not know which, find "
            "out: the run's page still names each place.",
        )
    if facts.shards_cut:
        yield Finding(
            "blocks-went-away",
            Severity.ALARM,
            f"The log has more blocks than the ledger in {_named('shard', facts.shards_cut)}: blocks went away.",
            "The database was cut, or restored from an old backup. Bring the newest copy back; do not go on with this "
            "one.",
        )
    known = max((one.size for one in facts.witnesses), default=0)
    if facts.unsigned < 0 or known > facts.log_size:
        yield Finding(
            "log-was-cut",
            Severity.ALARM,
            f"The log has {facts.log_size:,} leaves, but more were signed or confirmed: leaves went away.",
            "The database was cut, or restored from an old backup. Bring the newest copy back; the checkpointer signs "
            "nothing before.",
        )
    if facts.shards_stopped:
        yield Finding(
            "shards-stopped",
            Severity.ALARM,
            f"The capture store and the ledger do not agree in {_named('shard', facts.shards_stopped)}: stopped.",
            "The page Flush health says why and what to do; the other shards go on.",
        )


def _checkpoints(facts: Facts) -> Iterator[Finding]:
    if facts.checkpointer_fault:
        at = facts.checkpointer_fault_at
        since = "" if at is None else f" since {at:%Y-%m-%d %H:%M:%S} UTC"
        yield Finding(
            "checkpointer-refuses",
            Severity.ALARM,
            f"The checkpointer refuses{since}: {facts.checkpointer_fault}",
            "New sales are still taken and kept, but those that it refuses are not signed. Put right what it names; it "
            "goes on by itself.",
        )
    if facts.waiting_s > CHECKPOINT_LATE.total_seconds():
        waited = lasting(timedelta(seconds=facts.waiting_s))
        yield Finding(
            "checkpoints-late",
            Severity.ALARM,
            f"No checkpoint covers {_count(facts.uncovered, 'block')} yet; the oldest has waited for {waited}.",
            "See whether the Celery worker of the queue log, and beat, run, and what they log. By hand, with the log's "
            "key: manage.py checkpoint",
        )


def _witnesses(facts: Facts) -> Iterator[Finding]:
    if facts.witnesses_unreadable:
        yield Finding(
            "witnesses-unreadable",
            Severity.ALARM,
            f"{_count(facts.witnesses_unreadable, 'entry', 'entries')} of WITNESSES cannot be read.",
            'Each is "vkey url", separated by commas; manage.py check says which is wrong.',
        )
    for one in facts.witnesses:
        if one.contradicts:
            yield Finding(
                "witness-contradicts",
                Severity.ALARM,
                f"The witness {one.name} {one.fault}",
                "Believe it: the log was cut, restored, rewritten, or is signed twice. Run manage.py verify_ledger and "
                "find out who did it; keep the key, the witness and the database as they are.",
            )
    late = [one for one in facts.witnesses if one.contradicts or one.is_late(facts.now)]
    for one in late:
        if one.contradicts:
            continue
        yield Finding(
            "witness-behind",
            Severity.ALARM,
            f"The witness {one.name} "
            + (f"has confirmed {one.size:,} leaves" if one.size else "has confirmed nothing")
            + (f" and {one.fault}" if one.fault else ", not what was signed since."),
            "Sales and signatures go on without it. Call its operator: it is away, slow, or knows another log or key.",
        )
    if facts.quorum and facts.checkpoint is not None and len(late) > len(facts.witnesses) - facts.quorum:
        yield Finding(
            "quorum-missed",
            Severity.ALARM,
            f"Of the {facts.quorum} witnesses that must confirm what is signed now, some do not.",
            "Bring the witnesses named here back. Until then outsiders have only this system's own word for the newest "
            "sales.",
        )
    if not facts.witnesses and not facts.witnesses_unreadable:
        yield Finding(
            "no-witness",
            Severity.NOTE,
            "No outside witness is configured.",
            "Whoever holds both the database and the log's key could rewrite the past, and only kept receipts would "
            "show it. Have an institution run a witness and name it in WITNESSES.",
        )


def _checks(facts: Facts) -> Iterator[Finding]:
    if facts.records == 0:
        return
    full = facts.last_full
    if full is None or facts.now - full.ended_at > FULL_LATE:
        ago = "It was never" if full is None else f"For {lasting(facts.now - full.ended_at)} it was not"
        yield Finding(
            "no-full-verification",
            Severity.STALE,
            f"{ago} read again in full.",
            "Run manage.py verify_ledger, and have it run once a week.",
        )
    # A ledger that is just beginning has some minutes for its first sample.
    since = facts.last_sample.ended_at if facts.last_sample else facts.first_signed_at
    if since is None or facts.now - since > SAMPLE_LATE:
        yield Finding(
            "no-sample",
            Severity.STALE,
            "No random sample was checked"
            + (" yet." if facts.last_sample is None or since is None else f" for {lasting(facts.now - since)}."),
            "One is due every minute: see whether the Celery worker of the queue log, and beat, run.",
        )


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _named(noun: str, numbers: tuple[int, ...]) -> str:
    return f"{noun}{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"
