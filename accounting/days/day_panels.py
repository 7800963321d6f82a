"""The lists of one store's day."""

from dataclasses import dataclass
from datetime import datetime

from accounting.days.comparing import Told, compare, server_day
from accounting.days.content import Content, read_content
from accounting.days.day_columns import (
    FIRST_PART,
    GAPS_ARE,
    METHODS_FIGURE,
    MISSING,
    NO_DIFFERENCE,
    NO_RATE,
    PARTS,
    PARTS_ARE,
    PAYMENTS,
    PAYMENTS_ARE,
    REPORTS,
    REPORTS_ARE,
    TAXES,
    TAXES_ARE,
    TERMINALS,
    TERMINALS_ARE,
    TILL_COUNTS,
    TILLS,
    TOLD_ARE,
)
from accounting.days.figures import DAY, PAYMENT, TAX, Sums, added, sums_of
from accounting.days.models import TerminalClose
from accounting.days.queries import ClosedDay, Gap
from accounting.days.sequences import named, size
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.panels import Column, Panel, Row


@dataclass(frozen=True)
class DayFacts:
    """All that is known of a store's day; `fed` by terminal, `entries` by close and currency."""

    day: ClosedDay
    reports: list[TerminalClose]
    fed: dict[int, Sums]
    gaps: list[Gap]
    told: list[Told]
    entries: dict[int, dict[str, int]]

    @property
    def sums(self) -> Sums:
        """All parts together, or what is fed while there is none."""
        return self.day.sums if self.day.closes else added(self.fed.values())

    def contents(self, terminal: int) -> list[Content]:
        """The terminal's Z reports of the day, by number."""
        return [read_content(one.content) for one in self.reports if one.terminal == terminal]

    def closed(self, terminal: int) -> Sums:
        """What the terminal's parts hold; what is fed while the day goes on."""
        return added(map(sums_of, self.contents(terminal))) if self.day.closes else self.fed.get(terminal, {})

    @property
    def terminals(self) -> list[int]:
        """Those that sent something."""
        return sorted({one.terminal for one in self.reports} if self.day.closes else self.fed)


def panels(facts: DayFacts, currency: str, scope: Scope) -> list[Panel]:
    """The day's lists in one currency; parts lead to their entries for those who see the journal."""
    made = [
        _money("terminals", "Terminals", TERMINALS_ARE, TERMINALS, [_terminal(facts, one, currency) for one in
               facts.terminals], currency),
        _money("taxes", "Taxes", TAXES_ARE, TAXES, _taxes(facts.sums, currency), currency),
        _money("payments", "Payments", PAYMENTS_ARE, PAYMENTS, _payments(facts.sums, currency), currency),
        Panel("missing", "Missing numbers", GAPS_ARE, MISSING, [_gap(gap) for gap in sorted(facts.gaps)],
              empty="No number is missing."),
        *_till_panels(facts, currency),
    ]  # fmt: skip
    if facts.day.closes:
        made += [_parts(facts, currency, scope), _reports(facts)]
    return made


def _money(key: str, title: str, definition: str, columns: tuple[Column, ...], rows: list[Row], currency: str) -> Panel:
    return Panel(key, title, definition, columns, rows, currency=currency, empty="Nothing in this currency.")


def _terminal(facts: DayFacts, terminal: int, currency: str) -> Row:
    sums = facts.closed(terminal)
    (sales, refunds, voids), total = server_day(sums, currency)
    gross, refunded, voided = sums.get((DAY, currency, "", ""), (0,) * 6)[3:6]
    contents = facts.contents(terminal)
    own = [one for content in contents for one in content.currencies if one.currency == currency]
    times = [one for one in own if one.first_issued_at]
    last = contents[-1] if contents else None
    return (
        str(terminal), total, sales, gross, refunds, refunded, voids, voided,
        str(last.first_sequence) if last else None, str(last.last_sequence) if last else None,
        _moment(min(one.first_issued_at for one in times)) if times else None,
        _moment(max(one.last_issued_at for one in times)) if times else None,
        own[-1].grand_total if own else None,
    )  # fmt: skip


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _taxes(sums: Sums, currency: str) -> list[Row]:
    rows: list[Row] = []
    for (what, own, code, rate), vector in sorted(sums.items()):
        if (what, own) == (TAX, currency):
            recaps = vector[:6]
            shown = f"{rate} %" if rate else NO_RATE
            rows.append((code, shown, sum(recaps[::2]), sum(recaps[1::2]), *recaps))
    return rows


def _payments(sums: Sums, currency: str) -> list[Row]:
    return [
        (method.capitalize(), *vector)
        for (what, own, method, _), vector in sorted(sums.items())
        if (what, own) == (PAYMENT, currency)
    ]


def _gap(gap: Gap) -> Row:
    return str(gap.terminal), named([(gap.first, gap.last)]), size(gap.left), named(gap.left)


def _till_panels(facts: DayFacts, currency: str) -> list[Panel]:
    """What tills said beside what the server has; one list for nothing at all."""
    counts: list[Row] = []
    amounts: list[Row] = []
    for told in facts.told:
        if told.currency == currency:
            for one in compare(told, facts.closed(told.terminal)):
                name = one.figure.capitalize() if one.is_count or one.figure == "total" else (
                    METHODS_FIGURE.format(one.figure)
                )  # fmt: skip
                row = (str(told.terminal), name, one.till, one.server, one.difference, told.sent_at)
                (counts if one.is_count else amounts).append(row)
    made = [Panel("till-amounts", "Tills' own totals", TOLD_ARE, TILLS, amounts, currency=currency,
                  empty=NO_DIFFERENCE)]  # fmt: skip
    if counts:
        made.append(Panel("till-counts", "Tills' own counts", TOLD_ARE, TILL_COUNTS, counts))
    return made


def _parts(facts: DayFacts, currency: str, scope: Scope) -> Panel:
    rows: list[Row] = []
    links = []
    for close, content in zip(facts.day.closes, facts.day.contents, strict=True):
        number = facts.entries.get(close.pk, {}).get(currency)
        name = FIRST_PART if close.part == 1 else f"Supplement {close.part - 1}"
        rows.append(
            (
                name, close.closed_at, close.records, server_day(sums_of(content), currency)[1],
                len(content.terminals), close.missing, close.filled, f"Entry {number}" if number else "",
            )
        )  # fmt: skip
        links.append(f"entry?number={number}" if number and scope.may(Right.KEEP_BOOKS) else "")
    return Panel("parts", "Parts", PARTS_ARE, PARTS, rows, currency=currency, links=links)


def _reports(facts: DayFacts) -> Panel:
    parts = {close.pk: close.part for close in facts.day.closes}
    rows: list[Row] = [
        (
            str(one.terminal), one.number, str(parts[one.close_id]), read_content(one.content).records, one.hash,
            one.previous_hash,
        )
        for one in facts.reports
    ]  # fmt: skip
    return Panel("reports", "Z reports", REPORTS_ARE, REPORTS, rows)
