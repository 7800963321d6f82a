"""What the page of one finding in the admin shows."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from findings.models import Finding
from findings.pages.layout import parts_of
from findings.pages.parts import Part
from findings.pages.places import Place, places_of
from findings.pages.sentence import sentence
from findings.pages.story import Said, story_for_staff
from findings.pages.texts import Words, words_of
from findings.scoring import MEANING, band
from ledger.admin_entries import entry_url
from portal.sheets.tables import Table, table
from possys.clock import lasting
from transactions.admin_actions import link

BAND_LABELS = {"urgent": "danger", "high": "warning", "medium": "info", "low": "default"}
STATE_LABELS = {
    Finding.State.OPEN: "danger",
    Finding.State.ANSWERED: "warning",
    Finding.State.ACCEPTED: "success",
    Finding.State.DISMISSED: "default",
    Finding.State.RESOLVED: "success",
}


@dataclass(frozen=True)
class ShownPart:
    """A part of the evidence with everything written."""

    part: Part
    table: Table


@dataclass(frozen=True)
class FindingPage:
    """All of it."""

    sentence: str
    place: Place
    words: Words
    state: str
    state_variant: str
    band: str
    band_meaning: str
    facts: list[tuple[str, Any]]
    parts: list[ShownPart]
    said: list[Said]
    next_url: str


def finding_page(finding: Finding, now: datetime) -> FindingPage:
    """The finding with its evidence and its story."""
    found, place = band(finding.score), places_of([finding])[finding.pk]
    return FindingPage(
        sentence=sentence(finding.kind, finding.evidence, finding.began_at, finding.closed_at or now),
        place=place,
        words=words_of(finding.kind),
        state=str(finding.get_state_display()),
        state_variant=STATE_LABELS[Finding.State(finding.state)],
        band=str(found),
        band_meaning=MEANING[found],
        facts=_facts(finding, place, now),
        parts=[shown(part) for part in parts_of(finding, now)],
        said=story_for_staff(finding),
        next_url=next_url(finding),
    )


def shown(part: Part) -> ShownPart:
    """The part as the admin shows it: receipts lead to their entries, moments are UTC."""
    panel = replace(part.panel, links=list(part.codes)) if part.codes else part.panel
    return ShownPart(part, table(panel, entry_url, UTC))


def next_url(finding: Finding) -> str:
    """The page of the next one that waits, in the order of the list; "" at its end."""
    after = (
        Q(score__lt=finding.score)
        | Q(score=finding.score, began_at__gt=finding.began_at)
        | Q(score=finding.score, began_at=finding.began_at, pk__gt=finding.pk)
    )
    # The bound on the score alone is where the index is entered.
    waiting = Finding.objects.filter(after, score__lte=finding.score, closed_at__isnull=True)
    key = waiting.order_by("-score", "began_at", "pk").values_list("pk", flat=True).first()
    return page_url(key) if key else ""


def page_url(key: int) -> str:
    """The page of a finding."""
    return reverse("admin:findings_finding_change", args=[key])


def _facts(finding: Finding, place: Place, now: datetime) -> list[tuple[str, Any]]:
    mine = f"{reverse('admin:findings_finding_changelist')}?retailer={place.tax_id}"
    facts: list[tuple[str, Any]] = [
        ("Retailer", link(reverse("admin:transactions_retailer_change", args=[finding.retailer]), place.retailer)),
        ("Tax id", link(mine, f"{place.tax_id}: all of its findings") if place.tax_id else ""),
        ("Store", link(reverse("admin:transactions_store_change", args=[finding.store]), place.store)),
        ("Till", link(reverse("admin:transactions_terminal_change", args=[finding.terminal]), finding.terminal)),
        ("Began", f"{at(finding.began_at)}, {lasting(now - finding.began_at)} ago"),
        ("Found", at(finding.opened_at)),
        ("Looked at last", at(finding.updated_at)),
        ("Answer due", at(finding.answer_due_at) if finding.answer_due_at else ""),
        ("Closed", at(finding.closed_at) if finding.closed_at else ""),
        ("Taken care of by", finding.assignee or "nobody"),
    ]
    return [(name, value) for name, value in facts if value != ""]


def at(moment: datetime) -> str:
    """To the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
