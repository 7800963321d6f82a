"""The tables of docs/access.md, as a test reads them: who gets which answer at which addresses."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "access.md"
FIRST = "addresses"
OTHERS = "everybody else"
EVERYBODY = "everybody"
ANONYMOUS = "anonymous"


class Answer(Enum):
    """What a cell may say."""

    YES = "yes"
    LOGIN = "login"
    NO = "no"
    HIDDEN = "hidden"
    TOKEN = "token"
    FORM = "form"
    ASKS = "asks"
    FAULT = "a fault"

    def accepts(self, given: "Answer") -> bool:
        """Whether an answer is what the cell says; a page that wants more in its address says so, or that it is not."""
        return given is self or (self is Answer.ASKS and given in {Answer.YES, Answer.HIDDEN})

    @classmethod
    def of_status(cls, status: int) -> "Answer":
        """Of an answer that leads to no login."""
        by_status = {403: cls.NO, 404: cls.HIDDEN, 410: cls.HIDDEN, 401: cls.TOKEN, 405: cls.FORM}
        if status in by_status:
            return by_status[status]
        # Shown, led on, or told what the address lacks.
        return cls.YES if status < 400 or status in {400, 406, 409} else cls.FAULT


class Line(NamedTuple):
    """One line: patterns of addresses, and the answer for each kind of visitor."""

    text: str
    patterns: tuple["re.Pattern[str]", ...]
    answers: Mapping[str, Answer]

    def is_about(self, place: str) -> bool:
        """Whether one of its patterns fits."""
        return any(pattern.fullmatch(place) for pattern in self.patterns)

    def answer_for(self, who: str, *, is_anonymous: bool) -> Answer:
        """Whoever has no column of their own is everybody else, or anonymous."""
        if is_anonymous and who not in self.answers and ANONYMOUS in self.answers:
            return self.answers[ANONYMOUS]
        return self.answers.get(who) or self.answers.get(OTHERS) or self.answers[EVERYBODY]


class Table(NamedTuple):
    """One table, with the visitors that its columns name."""

    visitors: tuple[str, ...]
    lines: tuple[Line, ...]


def read_tables() -> list[Table]:
    """All tables whose first column is of addresses."""
    tables, rows = [], []
    for text in [*DOCUMENT.read_text().splitlines(), ""]:
        if text.startswith("|"):
            rows.append([cell.strip() for cell in text.strip().strip("|").split(" | ")])
        elif rows:
            if rows[0][0] == FIRST:
                tables.append(_table(rows))
            rows = []
    return tables


def _table(rows: Sequence[Sequence[str]]) -> Table:
    visitors = tuple(rows[0][1:])
    lines = []
    for cells in rows[2:]:
        assert len(cells) == len(rows[0]), cells
        patterns = tuple(_pattern(text) for text in re.findall(r"`([^`]*)`", cells[0]))
        assert patterns, cells
        answers = {who: Answer(cell) for who, cell in zip(visitors, cells[1:], strict=True)}
        lines.append(Line(cells[0], patterns, answers))
    return Table(visitors, tuple(lines))


def _pattern(text: str) -> "re.Pattern[str]":
    """`*` is anything; the site's own start page is written /."""
    place = "" if text == "/" else text
    return re.compile("".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", place)))
