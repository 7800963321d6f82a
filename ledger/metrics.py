"""What the ledger tells Prometheus, read from the database at each scrape."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ledger.evidence import soundness
from ledger.facts import Facts
from ledger.soundness import Severity, Soundness


def ledger_metrics() -> Iterator[Metric]:
    """All of it. Raises DatabaseError."""
    found = soundness()
    yield from _ledger(found.facts)
    yield from _log(found.facts)
    yield from _witnesses(found.facts)
    yield from _verification(found.facts)
    yield _findings(found)


def _ledger(facts: Facts) -> Iterator[Metric]:
    yield CounterMetricFamily("possys_ledger_records", "Records in the ledger.", value=facts.records)
    yield CounterMetricFamily("possys_ledger_blocks", "Blocks in the ledger.", value=facts.blocks)
    yield _gauge("possys_shards_stopped", "Shards that the flush does not write.", len(facts.shards_stopped))
    yield _gauge("possys_archived_partitions", "Days of which the blocks lie in the archive.", facts.archived_days)


def _log(facts: Facts) -> Iterator[Metric]:
    yield _gauge("possys_log_size", "Leaves of the log.", facts.log_size)
    yield _gauge("possys_blocks_waiting_for_log", "Sealed blocks that the log does not have.", facts.unlogged)
    yield _gauge(
        "possys_checkpoint_wait_seconds",
        "How long the oldest block has waited for a signed checkpoint; 0 when none waits.",
        facts.waiting_s,
    )
    yield _gauge("possys_checkpointer_fault", "1 while the checkpointer refuses.", int(bool(facts.checkpointer_fault)))
    newest = facts.checkpoint
    yield _gauge(
        "possys_checkpoint_size",
        "Leaves under the newest signed checkpoint; missing while there is none.",
        None if newest is None else newest.size,
    )
    yield _gauge(
        "possys_checkpoint_age_seconds",
        "Since the newest checkpoint was signed; it grows while nothing is sold.",
        None if newest is None else _age_s(facts, newest.signed_at),
    )


def _witnesses(facts: Facts) -> Iterator[Metric]:
    size = GaugeMetricFamily("possys_witness_size", "Leaves that the witness confirmed.", labels=["witness"])
    age = GaugeMetricFamily("possys_witness_age_seconds", "Since the witness last confirmed.", labels=["witness"])
    behind = GaugeMetricFamily(
        "possys_witness_behind_seconds",
        "How long the witness has lacked what was signed; 0 when it lacks nothing.",
        labels=["witness"],
    )
    for one in facts.witnesses:
        size.add_metric([one.name], one.size)
        behind.add_metric([one.name], 0 if one.behind_since is None else _age_s(facts, one.behind_since))
        if one.cosigned_at is not None:
            age.add_metric([one.name], _age_s(facts, one.cosigned_at))
    yield from (size, age, behind)
    yield _gauge(
        "possys_witness_quorum_age_seconds",
        "Since the newest checkpoint was signed that enough witnesses have confirmed.",
        None if facts.confirmed is None else _age_s(facts, facts.confirmed.signed_at),
    )


def _verification(facts: Facts) -> Iterator[Metric]:
    ended = GaugeMetricFamily(
        "possys_verification_last_run_timestamp_seconds", "When the last check ended (since 1970).", labels=["scope"]
    )
    faults = GaugeMetricFamily("possys_verification_faults", "Faults that the last check found.", labels=["scope"])
    for scope, run in (("full", facts.last_full), ("sample", facts.last_sample)):
        if run is not None:
            ended.add_metric([scope], run.ended_at.timestamp())
            faults.add_metric([scope], run.fault_count)
    yield from (ended, faults)


def _findings(found: Soundness) -> Metric:
    """One figure to alarm on: whatever the page "Is the ledger sound?" shows as an alarm counts in it."""
    findings = GaugeMetricFamily(
        "possys_ledger_findings", "What manage.py soundness finds now, by severity.", labels=["severity"]
    )
    for severity in Severity:
        findings.add_metric([severity.value], found.count(severity))
    return findings


def _gauge(name: str, text: str, value: float | None) -> Metric:
    """Without a value it is told that there is such a figure, and none."""
    return GaugeMetricFamily(name, text, value=value)


def _age_s(facts: Facts, moment: datetime) -> float:
    return max(0.0, (facts.now - moment).total_seconds())
