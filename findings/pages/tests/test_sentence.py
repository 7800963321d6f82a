"""A finding is said in one sentence of words and figures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from findings.pages.sentence import counted, numbers, sentence, span
from findings.pages.tests.found import EVIDENCE
from findings.pages.texts import ANSWERS, OTHER, WORDS

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(days=2, hours=3)


def said(kind: str, **changes: Any) -> str:
    return sentence(kind, {**EVIDENCE[kind](64, NOW).as_json(), **changes}, BEGAN, NOW).replace("\xa0", " ")


def test_missing_receipts_are_counted_and_named() -> None:
    assert said("gap") == "3 receipts missing: 88121 to 88123, for 2 days"
    assert said("gap", missing=1, ranges=[[7, 7]]) == "1 receipt missing: 7, for 2 days"
    assert said("gap", is_more=True, missing=900, ranges=[[5, 70], [80, 2000]]) == (
        "900 receipts missing somewhere between 5 and 2000, for 2 days"
    )


def test_many_ranges_are_named_in_part() -> None:
    assert numbers([(1, 2), (5, 5), (8, 9)]) == "1 to 2, 5, 8 to 9"
    assert numbers([(1, 2), (5, 5), (8, 9), (11, 11), (13, 13)]) == "1 to 2, 5, 8 to 9 and 2 more ranges"


def test_a_conflict_says_both_totals_where_they_differ() -> None:
    assert said("conflict") == "Receipt 88130 was sent twice with different contents: CZK 103.00 and CZK 98.00"
    assert said("conflict", other_total=10300) == "Receipt 88130 was sent twice with different contents"
    assert said("conflict", other_total=None, extent=4) == "Receipt 88130 was sent 5 times with different contents"


def test_silence_says_how_much_was_due_and_of_whom() -> None:
    assert said("silent") == "Nothing for 2 days, where about 142 sales would be usual"
    assert said("silent", scope="store").startswith("Nothing from any till of the store for 2 days")
    assert said("silent", scope="retailer", silent_stores=4) == "Nothing from 4 stores of the retailer for 2 days"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(45, "45 s"), (-720, "12 min"), (3720, "1 h 2 min"), (7200, "2 h"), (3 * 86400, "3 days")],
)
def test_a_clock_is_off_by_what_people_say(seconds: int, text: str) -> None:
    assert span(seconds) == text


def test_late_sales_and_unknown_products_say_their_money() -> None:
    assert said("after-close") == "27 sales after the day's close on 5 days, CZK 11,070.00 in all"
    assert said("unknown-products") == ("412 of 5,980 lines in 28 days name no product (CZK 38,150.00); usually 0.5%")


def test_evidence_of_another_shape_is_still_called_by_its_kind() -> None:
    for kind, words in WORDS.items():
        assert sentence(kind, {"extent": 1}, BEGAN, NOW) == words.name


def test_counts_are_written_as_people_read_them() -> None:
    assert (counted(1, "receipt"), counted(3120, "receipt")) == ("1 receipt", "3,120 receipts")


def test_every_kind_has_its_words_and_a_way_to_say_something_else() -> None:
    assert set(WORDS) == set(EVIDENCE)
    for words in WORDS.values():
        assert words.answers[-1] is OTHER
        assert len({choice.key for choice in words.answers}) == len(words.answers)
        assert all(choice.key in ANSWERS for choice in words.answers)
