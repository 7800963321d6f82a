"""Which figures and panels stand on which page. Each function is one page, and says how many queries it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from analytics.filters import Filters
from analytics.pairs.panels import pair_panels
from analytics.peers.panels import NOT_OF_THE_PERIOD, peer_panels
from analytics.queries import baskets as basket_sizes
from analytics.queries import corrections, discounts
from analytics.queries import health as fiscal_health
from analytics.queries import overview as first_page
from analytics.queries import products as product_sums
from analytics.queries.completeness import complete_to
from analytics.queries.currencies import currencies
from analytics.queries.heat import heat
from analytics.queries.over_time import over_time
from analytics.queries.payments import payments
from analytics.queries.stores import store_names, store_sums, stores_panel
from analytics.queries.takings import takings
from analytics.queries.taxes import taxes
from portal.sheets.panels import Figure, Panel

NO_CATEGORY = "These figures are not kept by category: the chosen category is left out of account on this page."


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


def overview(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Three queries: what was taken, the same before, how complete it is."""
    chosen = filters.chosen(stores)
    now = takings(filters, chosen, filters.span)
    before = takings(filters, chosen, filters.before) if filters.before else None
    currency = filters.currency or now.main or (before.main if before else "")
    own, earlier = now.of(currency), before.of(currency) if before else None
    return PageData(
        figures=first_page.figures(filters, currency, own, earlier),
        panels=[over_time(filters, currency, own, earlier), heat(filters, currency, own)],
        complete_to=complete_to(chosen),
        currency=currency,
        other_currencies=_others(currency, now.by_currency),
        notes=_notes(filters),
    )


def products(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Four queries: currencies, products with their comparison, categories with theirs, how complete it is."""
    chosen = filters.chosen(stores)
    known = currencies(filters, chosen)
    currency = filters.currency or next(iter(known), "")
    ranking = product_sums.ranking(filters, chosen, currency)
    falling = product_sums.falling(filters, currency, ranking)
    panels = [product_sums.top(filters, currency, ranking), *([falling] if falling else [])]
    return PageData(
        figures=[],
        panels=panels + product_sums.categories(filters, chosen, currency),
        complete_to=complete_to(chosen),
        currency=currency,
        other_currencies=_others(currency, known),
    )


def baskets(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Four queries: sizes, how complete it is, what pairs were counted in, pairs."""
    chosen = filters.chosen(stores)
    found = basket_sizes.sizes(filters, chosen)
    currency = filters.currency or basket_sizes.main(found)
    own = found.get(currency, [])
    return PageData(
        figures=basket_sizes.figures(currency, own),
        panels=[basket_sizes.panel(currency, own), *pair_panels(filters, stores)],
        complete_to=complete_to(chosen),
        currency=currency,
        other_currencies=_others(currency, found),
        notes=_notes(filters),
    )


def money(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Eight queries: takings, stores, their names, payments and those before, taxes, tills, how complete it is."""
    chosen = filters.chosen(stores)
    now = takings(filters, chosen, filters.span)
    currency = filters.currency or now.main
    own = now.of(currency)
    by_store = store_sums(chosen, filters.span, filters).of(currency)
    names = store_names(chosen)
    return PageData(
        figures=[*corrections.figures(filters, currency, own), *discounts.figures(filters, currency, own)],
        panels=[
            payments(filters, chosen, currency),
            taxes(filters, chosen, currency),
            corrections.by_day(filters, currency, own),
            corrections.by_store(filters, currency, names, by_store),
            corrections.by_terminal(filters, chosen, currency),
            discounts.by_day(filters, currency, own),
            discounts.by_store(filters, currency, names, by_store),
        ],
        complete_to=complete_to(chosen),
        currency=currency,
        other_currencies=_others(currency, now.by_currency),
        notes=_notes(filters),
    )


def stores(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Four queries: sums by store, the same before, names, how complete it is."""
    chosen = filters.chosen(stores)
    now = store_sums(chosen, filters.span, filters)
    before = store_sums(chosen, filters.before, filters, is_before=True) if filters.before else None
    currency = filters.currency or now.main or (before.main if before else "")
    panel = stores_panel(
        filters, currency, store_names(chosen), now.of(currency), before.of(currency) if before else None
    )
    return PageData(
        figures=[],
        panels=[panel],
        complete_to=complete_to(chosen),
        currency=currency,
        other_currencies=_others(currency, now.by_currency),
        notes=_notes(filters),
    )


def health(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Four queries: tills, stores in the period, stores today, how complete it is. Amounts of no currency."""
    chosen = filters.chosen(stores)
    found = fiscal_health.health(filters, chosen, moment)
    return PageData(
        figures=fiscal_health.figures(filters, found, moment),
        panels=[
            fiscal_health.silent(filters, found, moment),
            fiscal_health.idle(filters, found, moment),
            fiscal_health.missing(filters, found),
            fiscal_health.late_by_store(filters, found),
        ],
        complete_to=complete_to(chosen),
        notes=_notes(filters),
    )


def peers(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """Three queries: figures beside the peers', kinds of stores, how complete it is."""
    panels = peer_panels(filters, stores)
    published = (NOT_OF_THE_PERIOD,) if any(panel.rows for panel in panels) else ()
    return PageData(
        figures=[],
        panels=panels,
        complete_to=complete_to(filters.chosen(stores)),
        currency=panels[0].currency,
        notes=(*published, *_notes(filters)),
    )


PAGES: dict[str, Callable[[Filters, tuple[int, ...], datetime], PageData]] = {
    "overview": overview,
    "products": products,
    "baskets": baskets,
    "money": money,
    "stores": stores,
    "health": health,
    "peers": peers,
}


def _others(currency: str, found: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sorted(found.keys() - {currency}))


def _notes(filters: Filters) -> tuple[str, ...]:
    return (NO_CATEGORY,) if filters.category else ()
