"""Which figures and panels stand on which page; each function is one page, and says how many queries it needs."""

from dataclasses import dataclass
from datetime import datetime

from analytics.filters import Filters
from analytics.panels import Figure, Panel
from analytics.queries import overview as first_page
from analytics.queries.completeness import complete_to
from analytics.queries.over_time import over_time
from analytics.queries.takings import Takings, takings


@dataclass(frozen=True)
class PageData:
    """What a page shows. `currency` is that of its amounts; amounts in `other_currencies` are not in any of them.

    `complete_to`: what was taken before is counted; None when that cannot be said. `notes` are sentences about the
    whole page, such as a filter that does not apply to it.
    """

    figures: list[Figure]
    panels: list[Panel]
    complete_to: datetime | None
    currency: str = ""
    other_currencies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_other_currencies(self) -> bool:
        """Whether more was sold than the amounts say."""
        return bool(self.other_currencies)


def overview(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Three queries: what was taken, the same before, how complete it is."""
    chosen = filters.chosen(stores)
    now = takings(chosen, filters.span)
    before = takings(chosen, filters.before) if filters.before else None
    currency = filters.currency or now.main or (before.main if before else "")
    own, earlier = now.of(currency), before.of(currency) if before else None
    return PageData(
        figures=first_page.figures(filters, currency, own, earlier),
        panels=[over_time(filters, currency, own, earlier)],
        complete_to=complete_to(chosen),
        currency=currency,
        other_currencies=_others(currency, now),
    )


def _others(currency: str, found: Takings) -> tuple[str, ...]:
    return tuple(sorted(found.by_currency.keys() - {currency}))
