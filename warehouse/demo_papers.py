"""The demo's papers of stock: a first count and deliveries in every store, and in the manager's what else happens."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from transactions.models import Store
from warehouse.demo_goods import SUPPLIERS, UNIT, in_packs, is_short
from warehouse.demo_shelves import COUNTED_BACK, DELIVERED_BACK, Shelves, delivered
from warehouse.stock.documents import LINES_MAX, Line, Paper, reverse, write
from warehouse.stock.models import Document, Supplier
from warehouse.stock.on_hand import on_hand

Kind = Document.Kind
OPENED_AT, UNPACKED_AT, CLOSED_AT = time(6, 40), time(7, 20), time(20, 30)
# Products that are counted again, of which every third has lost one.
COUNTED_AGAIN = 9


@transaction.atomic
def write_papers(shelves: Shelves, suppliers: dict[str, Supplier]) -> None:
    """The count and the deliveries of one store."""
    store = shelves.store
    if Document.objects.filter(store=store).exists():
        return
    there = {one.product: one.counted(shelves.weeks_known) for one in shelves.counted}
    day = shelves.today - timedelta(COUNTED_BACK)
    lines = [Line(one.product, there[one.product], one.cost) for one in shelves.counted]
    for part, at in enumerate(range(0, len(lines), LINES_MAX), 1):
        paper = Paper(
            kind=Kind.COUNT, retailer=store.retailer_id, store=store.pk, day=day,
            moment=Document.Moment.BEFORE, note=f"First count, part {part}",
        )  # fmt: skip
        write(paper, lines[at : at + LINES_MAX], user=shelves.shop.owner, now=at_time(day, OPENED_AT))
    for week, back in enumerate(DELIVERED_BACK):
        day = shelves.today - timedelta(back)
        for number, seller in enumerate(SUPPLIERS, 1):
            own = [one for one in shelves.counted if one.supplier is seller]
            came = delivered(own, there, week, day, shelves.weeks_known)
            if came:
                paper = Paper(
                    kind=Kind.DELIVERY, retailer=store.retailer_id, store=store.pk, day=day,
                    supplier=suppliers[seller.name].pk, reference=f"{day:%y%j}-{number}{store.pk:03}",
                )  # fmt: skip
                write(paper, came[:LINES_MAX], user=shelves.shop.manager, now=at_time(day, UNPACKED_AT))


def at_time(day: date, moment: time) -> datetime:
    """A moment of a day where the stores are."""
    return timezone.make_aware(datetime.combine(day, moment))


@transaction.atomic
def write_more(managed: Sequence[Shelves], suppliers: dict[str, Supplier], now: datetime) -> None:
    """What happens beside counts and deliveries, in stores of the manager."""
    if not managed or Document.objects.filter(store=managed[0].store, kind=Kind.WRITE_OFF).exists():
        return
    for shelves in managed:
        _lose(shelves, (9, 4, 1))
    _send_back(managed[0], suppliers["Meadow Dairy"], now)
    if len(managed) > 1:
        _move(managed[0], managed[-1].store)
    _count_again(managed[0])


def _send_back(shelves: Shelves, dairy: Supplier, now: datetime) -> None:
    """Goods that went back, and a delivery that was entered twice."""
    own = [one for one in shelves.counted if one.supplier.name == dairy.name and not is_short(one.product)]
    if not own:
        return
    day, user = shelves.today - timedelta(2), shelves.shop.manager
    back = _paper(shelves, Kind.RETURN, day, supplier=dairy.pk, note="Delivered warm")
    write(back, [Line(one.product, UNIT) for one in own[:2]], user=user, now=at_time(day, UNPACKED_AT))
    twice = _paper(shelves, Kind.DELIVERY, day, supplier=dairy.pk, reference=f"{day:%y%j}-copy")
    lines = [Line(one.product, 2 * UNIT, one.cost) for one in own[:4]]
    made = write(twice, lines, user=user, now=at_time(day, CLOSED_AT))
    reverse(made, user=shelves.shop.owner, now=now, note="Entered twice")


def _move(shelves: Shelves, to: Store) -> None:
    """What there is most of."""
    day = shelves.today - timedelta(2)
    most = sorted(on_hand([shelves.store.pk]).items(), key=lambda one: (-one[1], one[0]))[:5]
    lines = [Line(product, in_packs(quantity // 3, 1)) for (_, product), quantity in most if quantity > UNIT]
    if lines:
        paper = _paper(shelves, Kind.MOVE, day, to_store=to.pk, note="Too many on our shelf")
        write(paper, lines, user=shelves.shop.manager, now=at_time(day, CLOSED_AT))


def _count_again(shelves: Shelves) -> None:
    """Some of what sells most, after closing yesterday."""
    day = shelves.today - timedelta(1)
    wanted = [one.product for one in shelves.counted if not is_short(one.product)][:COUNTED_AGAIN]
    there = on_hand([shelves.store.pk], wanted, day=day)
    lines = [
        Line(product, max(0, there[shelves.store.pk, product] - (UNIT if place % 3 == 0 else 0)))
        for place, product in enumerate(wanted)
    ]
    if lines:
        paper = _paper(shelves, Kind.COUNT, day, moment=Document.Moment.AFTER, note="Spot check")
        write(paper, lines, user=shelves.shop.manager, now=at_time(day, CLOSED_AT))


def _lose(shelves: Shelves, backs: Iterable[int]) -> None:
    """Spoiled goods on some days, and a broken jar."""
    fresh = [one for one in shelves.counted if one.supplier.keeps_days and not is_short(one.product)]
    for place, back in enumerate(backs):
        day = shelves.today - timedelta(back)
        paper = _paper(shelves, Kind.WRITE_OFF, day, reason=Document.Reason.SPOILED)
        lines = [Line(one.product, (1 + one.product % 2) * UNIT) for one in fresh[place :: len(fresh) // 4 + 1]]
        if lines:
            write(paper, lines, user=shelves.shop.manager, now=at_time(day, CLOSED_AT))
    firm = [one for one in shelves.counted if not one.supplier.keeps_days and not is_short(one.product)]
    day = shelves.today - timedelta(1)
    paper = _paper(shelves, Kind.WRITE_OFF, day, reason=Document.Reason.BROKEN, note="Fell from the shelf")
    write(paper, [Line(one.product, UNIT) for one in firm[:1]], user=shelves.shop.manager, now=at_time(day, CLOSED_AT))


def _paper(shelves: Shelves, kind: Document.Kind, day: date, **rest: object) -> Paper:
    store = shelves.store
    return Paper(kind=kind, retailer=store.retailer_id, store=store.pk, day=day, **rest)  # type: ignore[arg-type]
