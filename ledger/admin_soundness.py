"""The page "Is the ledger sound?" and the witnesses' page: the verdict, what it rests on, what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.urls import reverse

from ledger.evidence import soundness
from ledger.facts import Facts, Run, WitnessFact
from ledger.log.models import WitnessContact
from ledger.shards import LOG_DATABASE
from ledger.soundness import Finding, Severity, Soundness, Verdict
from ledger.soundness_text import ago, claims, evidence
from possys.clock import lasting

VIEW_LOG = "ledger.view_loghead"
NEVER = "never"
GREEN = "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400"
ORANGE = "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400"
RED = "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400"
BLUE = "bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400"
VERDICT_COLOURS = {Verdict.SOUND: GREEN, Verdict.NOT_CHECKED_LATELY: ORANGE, Verdict.ATTENTION: RED}
FINDING_COLOURS = {Severity.ALARM: RED, Severity.STALE: ORANGE, Severity.NOTE: BLUE}
FORMER = "no longer configured"


@dataclass(frozen=True, slots=True)
class SoundnessPage:
    """All that the page shows; findings with their colours, facts with links to where they come from."""

    found: Soundness
    colour: str
    claims: list[str]
    findings: list[tuple[Finding, str]]
    figures: list[tuple[str, str]]
    facts: list[tuple[str, str]]
    links: list[tuple[str, str]]
    read_at: str
    url: str


class WitnessCard(NamedTuple):
    """A witness and what is known of it."""

    name: str
    facts: list[tuple[str, str]]


def soundness_page() -> SoundnessPage:
    """The verdict right now."""
    return page_of(soundness())


def page_of(found: Soundness) -> SoundnessPage:
    """The page of a verdict that was read already."""
    facts = found.facts
    return SoundnessPage(
        found=found,
        colour=VERDICT_COLOURS[found.verdict],
        claims=claims(found),
        findings=[(finding, FINDING_COLOURS[finding.severity]) for finding in found.findings],
        figures=_figures(facts),
        facts=evidence(facts),
        links=_links(facts),
        read_at=f"{facts.now:%Y-%m-%d %H:%M:%S} UTC",
        url=reverse("admin:ledger_loghead_changelist"),
    )


def _figures(facts: Facts) -> list[tuple[str, str]]:
    signed = facts.checkpoint
    return [
        ("Sales in the ledger", f"{facts.records:,}"),
        ("Blocks not yet signed", f"{facts.uncovered:,}"),
        ("Last signed", NEVER if signed is None else _since(signed.signed_at, facts)),
        ("Witnesses that confirm it", f"{facts.confirming} of {len(facts.witnesses)}" if facts.witnesses else "none"),
        ("Last full check", _checked(facts.last_full, facts)),
        ("Last random sample", _checked(facts.last_sample, facts)),
    ]


def _checked(run: Run | None, facts: Facts) -> str:
    return NEVER if run is None else _since(run.ended_at, facts)


def _since(moment: datetime, facts: Facts) -> str:
    return f"{lasting(facts.now - moment)} ago"


def _links(facts: Facts) -> list[tuple[str, str]]:
    """Where the evidence can be looked at."""
    pages = [("All checkpoints", "checkpoint"), ("Witnesses", "witnesscontact"), ("All checks", "verificationrun")]
    found = [(text, reverse(f"admin:ledger_{name}_changelist")) for text, name in pages]
    runs = {run.id: run for run in (facts.damaged, facts.mended, facts.last_full, facts.last_sample) if run is not None}
    return found + [
        (
            f"Check: {run.scope}, {run.ended_at:%Y-%m-%d %H:%M}",
            reverse("admin:ledger_verificationrun_change", args=[key]),
        )
        for key, run in runs.items()
    ]


def witness_cards(found: Soundness) -> list[WitnessCard]:
    """Every configured witness, heard of or not, then those that are not configured any more: one query."""
    facts = found.facts
    names = [one.name for one in facts.witnesses]
    former = WitnessContact.objects.using(LOG_DATABASE).exclude(name__in=names)
    return [_card(one, _state(one, facts), facts) for one in facts.witnesses] + [
        _card(WitnessFact(name=contact.name, size=contact.size, cosigned_at=contact.cosigned_at), FORMER, facts)
        for contact in former
    ]


def _card(one: WitnessFact, state: str, facts: Facts) -> WitnessCard:
    rows = [
        ("State", state),
        ("Confirmed", f"{one.size:,} leaves"),
        ("Last confirmed", NEVER if one.cosigned_at is None else ago(one.cosigned_at, facts.now)),
    ]
    if state != FORMER:
        rows.insert(2, ("Lacks", _lacks(one, facts)))
    if one.fault:
        rows.append(("What is wrong", one.fault))
    return WitnessCard(one.name, rows)


def _state(one: WitnessFact, facts: Facts) -> str:
    if one.contradicts:
        return "ALARM: contradicts the log"
    if one.is_late(facts.now):
        behind = "ALARM: behind" if one.cosigned_at else "ALARM: never heard of"
        return "ALARM: fails" if one.fault else behind
    return "fails at the moment" if one.fault else "confirms"


def _lacks(one: WitnessFact, facts: Facts) -> str:
    if one.behind_since is None or facts.checkpoint is None:
        return "nothing"
    waited: timedelta = facts.now - one.behind_since
    return f"{max(0, facts.checkpoint.size - one.size):,} leaves, for {lasting(waited)}"
