"""The ledger's soundness as lines for people and as JSON for programs. Pure."""

from datetime import datetime, timedelta

from ledger.facts import CONFIRM_DELAY, Facts, Run, Signed
from ledger.soundness import Soundness, Verdict
from possys.clock import MS_PER_S, iso_utc, lasting

NEVER = "never"


def evidence(facts: Facts) -> list[tuple[str, str]]:
    """What the verdict rests on, each with its name."""
    rows = [
        ("Sales in the ledger", f"{facts.records:,} in {facts.blocks:,} blocks"),
        ("Log", f"{facts.log_size:,} leaves"),
        ("Not signed yet", _waiting(facts)),
        ("Last signed checkpoint", _checkpoint(facts.checkpoint, facts.now)),
        ("Confirmed by witnesses", _witnesses(facts)),
        ("Last full check", _run(facts.last_full, facts.now)),
        ("Last random sample", _run(facts.last_sample, facts.now)),
    ]
    if facts.archived_days:
        rows.append(("Days in the archive", f"{facts.archived_days:,}"))
    return rows


def claims(found: Soundness) -> list[str]:
    """What may be relied on, in sentences; nothing while there is an alarm or an empty ledger."""
    facts = found.facts
    if found.verdict is Verdict.ATTENTION or not facts.records or facts.checkpoint is None:
        return []
    sales = f"The ledger holds {_count(facts.records, 'sale')}."
    signed = f"{sales} What was sealed up to {ago(facts.checkpoint.signed_at, facts.now)}, is signed"
    if facts.confirming:
        signed += f", and {_count(facts.confirming, 'witness', 'witnesses')} outside confirmed it"
        if facts.confirmed != facts.checkpoint:
            signed += f", but for the last {CONFIRM_DELAY.seconds} seconds at most"
    checked = [
        f"{what} {lasting(facts.now - run.ended_at)} ago"
        for what, run in (("all of it", facts.last_full), ("a random sample", facts.last_sample))
        if run is not None
    ]
    read = [f"Read again and found unchanged: {' and '.join(checked)}."] if checked else []
    return [f"{signed}.", *read]


def as_text(found: Soundness) -> str:
    """The sentence, the findings with their remedies, the evidence."""
    lines = [found.sentence, *claims(found), ""]
    for finding in found.findings:
        lines += [f"{finding.severity.upper()} {finding.name}: {finding.what}", f"    {finding.remedy}", ""]
    rows = evidence(found.facts)
    width = max(len(name) for name, _ in rows) + 1
    return "\n".join([*lines, *(f"{name + ':':<{width}} {value}" for name, value in rows)])


def as_json(found: Soundness) -> dict[str, object]:
    """The verdict, the findings and the figures."""
    facts = found.facts
    return {
        "verdict": found.verdict.value,
        "sentence": found.sentence,
        "as_of": _iso(found.as_of),
        "findings": [
            {"name": one.name, "severity": one.severity.value, "what": one.what, "remedy": one.remedy}
            for one in found.findings
        ],
        "records": facts.records,
        "blocks": facts.blocks,
        "log_size": facts.log_size,
        "blocks_waiting_for_log": facts.unlogged,
        "leaves_unsigned": facts.unsigned,
        "waiting_s": round(facts.waiting_s, 3),
        "checkpoint": _signed_json(facts.checkpoint),
        "confirmed": _signed_json(facts.confirmed),
        "witnesses": [
            {"name": one.name, "size": one.size, "cosigned_at": _iso(one.cosigned_at), "fault": one.fault}
            for one in facts.witnesses
        ],
        "last_full": _run_json(facts.last_full),
        "last_sample": _run_json(facts.last_sample),
        "archived_days": facts.archived_days,
    }


def ago(moment: datetime, now: datetime) -> str:
    """The moment and how long ago that is."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC, {lasting(now - moment)} ago"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _waiting(facts: Facts) -> str:
    if not facts.uncovered:
        return "nothing, every block is under a signed checkpoint"
    waited = lasting(timedelta(seconds=facts.waiting_s))
    return f"{facts.unlogged:,} blocks not in the log, {max(0, facts.unsigned):,} leaves not signed, for {waited}"


def _checkpoint(signed: Signed | None, now: datetime) -> str:
    return NEVER if signed is None else f"{signed.size:,} leaves, {ago(signed.signed_at, now)}"


def _witnesses(facts: Facts) -> str:
    if not facts.witnesses:
        return "no witness is configured"
    needed = f", {facts.quorum} needed" if facts.quorum else ""
    told = f"{facts.confirming} of {len(facts.witnesses)}{needed}"
    confirmed = facts.confirmed
    if confirmed is None:
        return f"{told}; nothing was confirmed yet"
    if facts.is_confirmed:
        return told
    return f"{told}; the newest confirmed checkpoint: {_checkpoint(confirmed, facts.now)}"


def _run(run: Run | None, now: datetime) -> str:
    if run is None:
        return NEVER
    faults = "no fault" if not run.fault_count else f"{run.fault_count:,} FAULT{'S' if run.fault_count > 1 else ''}"
    return f"{ago(run.ended_at, now)}: {faults} in {run.records:,} records ({run.scope})"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso_utc(round(moment.timestamp() * MS_PER_S))


def _signed_json(signed: Signed | None) -> dict[str, object] | None:
    return None if signed is None else {"size": signed.size, "signed_at": _iso(signed.signed_at)}


def _run_json(run: Run | None) -> dict[str, object] | None:
    if run is None:
        return None
    return {"id": run.id, "scope": run.scope, "ended_at": _iso(run.ended_at), "faults": run.fault_count}
