"""What the retailer's pages hold beyond tables: the sentence, what it means, the evidence laid out, what was said."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from findings.pages.parts import Part
from findings.pages.story import Said
from findings.pages.texts import Words
from portal.sheets.pages import Contents
from portal.sheets.tables import Table, table
from possys.receipt_keys import links


@dataclass(frozen=True)
class ShownPart:
    """A part of the evidence with everything written; `is_half` where another stands beside it."""

    part: Part
    table: Table
    is_half: bool = False


@dataclass(frozen=True)
class ListContents(Contents):
    """The lists. `judged_at`: when the tills were looked at last."""

    is_empty: bool = False
    judged_at: datetime | None = None


@dataclass(frozen=True)
class FindingContents(Contents):
    """One finding."""

    sentence: str = ""
    words: Words | None = None
    where: str = ""
    state: str = ""
    due_at: datetime | None = None
    is_due: bool = False
    is_answered: bool = False
    is_over: bool = False
    began_at: datetime | None = None
    answer_url: str = ""
    parts: list[ShownPart] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


def all_shown(parts: Iterable[Part]) -> list[ShownPart]:
    """The parts; two narrow ones that follow each other share a row of the page."""
    done: list[ShownPart] = []
    for one in map(shown, parts):
        if done and not one.part.is_wide and not done[-1].part.is_wide and not done[-1].is_half:
            done[-1] = replace(done[-1], is_half=True)
            one = replace(one, is_half=True)  # noqa: PLW2901
        done.append(one)
    return done


def shown(part: Part) -> ShownPart:
    """The part as the portal shows it: a receipt's code leads to the receipt, as whoever holds the paper sees it."""
    panel = replace(part.panel, links=list(part.codes)) if part.codes else part.panel
    return ShownPart(part, table(panel, receipt_url, timezone.get_current_timezone()))


def receipt_url(code: str) -> str:
    """The receipt's page."""
    return reverse("linked", kwargs={"ending": links().ending_of(code)})
