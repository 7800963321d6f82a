"""The table of docs/asvs.md is whole: each requirement once, a verdict for each, and every file that it names."""

import re
from collections import Counter

import pytest
from django.conf import settings

TEXT = (settings.BASE_DIR / "docs" / "asvs.md").read_text()
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)
# Of the standard's 5.0.0: how many requirements of the levels 1 and 2 each chapter has.
CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.@-]*|[\w-]+\.(?:toml|txt))`")
PATHS = sorted({path for row in ROWS for path in NAMED.findall(row[-1])} - {"application/json"})


def test_each_requirement_stands_there_once_with_a_verdict() -> None:
    numbers = Counter(number for number, *_ in ROWS)
    assert [number for number, count in numbers.items() if count > 1] == []
    assert dict(Counter(int(number.split(".")[0]) for number in numbers)) == CHAPTERS
    assert {verdict for _, _, _, verdict, _ in ROWS} == {"holds", "n/a", "**no**"}


def test_the_summary_counts_the_rows() -> None:
    verdicts = Counter(verdict for _, _, _, verdict, _ in ROWS)
    assert f"| all | {len(ROWS)} | {verdicts['holds']} | {verdicts['n/a']} | {verdicts['**no**']} |" in TEXT


@pytest.mark.parametrize("path", PATHS)
def test_every_file_that_it_names_exists(path: str) -> None:
    assert (settings.BASE_DIR / path).exists()
