"""What the judges find in real sales is said and laid out by the pages: they know every shape of it."""

from datetime import timedelta
from typing import Any

from findings.judging import judge
from findings.models import Finding
from findings.pages.layout import KEPT, parts_of
from findings.pages.sentence import sentence
from findings.pages.story import story_for_staff
from findings.pages.texts import words_of
from findings.tests.conftest import history
from findings.tests.history import MINUTE, History, rounded_now
from tests.factories import make_line, make_sale

__all__ = ["history"]

NOW = rounded_now()


def said(finding: Finding) -> str:
    return sentence(finding.kind, finding.evidence, finding.began_at, NOW + timedelta(hours=3)).replace("\xa0", " ")


def laid(finding: Finding) -> dict[str, Any]:
    """The parts by their keys."""
    parts = {part.panel.key: part for part in parts_of(finding, NOW)}
    assert all(part.panel.columns != KEPT for part in parts.values())
    return parts


def found(kind: str) -> Finding:
    judge(kind, NOW)
    return Finding.objects.get(kind=kind)


def test_a_gap_stands_between_the_receipts_around_it(history: History) -> None:
    till = history.till()
    for place, number in enumerate((1, 5, 6)):
        history.sell(till, number, NOW - (3 - place) * MINUTE)
    history.feed(NOW)
    finding = found("gap")
    assert said(finding) == "3 receipts missing: 2 to 4, for 3 h"
    numbers = laid(finding)["numbers"]
    assert [row[0] for row in numbers.panel.rows] == ["1", "2 to 4", "5"]
    assert numbers.highlights == {1}
    assert [bool(code) for code in numbers.codes] == [True, False, True]
    assert [one.what for one in story_for_staff(finding)] == ["Found"]
    history.sell(till, 2, NOW, issued=NOW - MINUTE, mode="offline")
    history.feed()
    judge("gap", NOW)
    finding.refresh_from_db()
    assert [row[0] for row in laid(finding)["numbers"].panel.rows] == ["2", "3 to 4", "5"]


def test_a_conflict_has_both_contents_side_by_side(history: History) -> None:
    till = history.till()
    own = {"terminal": till.number, "sequence": 7, "issued_at": NOW.isoformat()}
    history.take(till, NOW, [make_sale(**own)])
    history.feed()
    history.take(till, NOW, [make_sale(**own, lines=[make_line(amount=4800, discount=300)])])
    history.feed(NOW)
    finding = found("conflict")
    assert said(finding) == "Receipt 7 was sent twice with different contents: CZK 51.00 and CZK 48.00"
    sides = laid(finding)["contents-1"].sides
    assert {pair.label for pair in sides.fields if pair.said} == {"Total", "Paid", "Tax"}
    assert [pair.said for pair in sides.lines] == ["differs"]


def test_a_wrong_clock_is_shown_day_by_day(history: History) -> None:
    till = history.till()
    for number in range(1, 5):
        history.sell(till, number, NOW - (5 - number) * MINUTE, issued=NOW + timedelta(hours=1))
    history.feed(NOW)
    finding = found("clock")
    assert said(finding).startswith("The clock was 1 h")
    days = laid(finding)["clock"].panel.rows
    assert [row[3] for row in days] == ["ahead"]
    assert words_of(finding.kind).name == "Wrong clock"
