"""A part of a finding's evidence: a table, a week in shades, or two contents side by side."""

from dataclasses import dataclass

from findings.pages.comparing import Sides
from findings.pages.week import Week
from portal.sheets.panels import Column, Kind, Panel

CODE = Column("code", "Receipt", Kind.CODE)
NUMBER = Column("number", "Number", Kind.TEXT)
ISSUED = Column("issued_at", "Issued", Kind.MOMENT)
DAY = Column("day", "Day", Kind.TEXT)


# Columns of a part from which on it stands alone in its row.
COLUMNS_MAX = 5


@dataclass(frozen=True)
class Part:
    """One part. `panel` is what files and programs get of it; `codes` has a receipt's code a row, or none at all.

    Pages show `week` or `sides` in the panel's place where there is one; `highlights` are rows that stand out.
    """

    panel: Panel
    codes: tuple[str, ...] = ()
    week: Week | None = None
    sides: Sides | None = None
    highlights: frozenset[int] = frozenset()
    # What only staff have a use for.
    aside: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether nothing fits beside it."""
        return self.sides is not None or len(self.panel.columns) > COLUMNS_MAX
