"""What people enter into the demo's stock, for local work: sales take it down by themselves.

    goods      suppliers by category, and of whom and in what packs each product comes
    papers     in each store that sells much: a first count, three weeks of deliveries with lots and dates; in the
               manager's stores also write-offs, a move, goods sent back, and a delivery that was taken back
    orders     one that is late, one that came in part, one of today
    forecasts  a promotion of next week, and the night's run

All of it goes through the operations that the pages use; only the items, of which there are thousands, are written by
supplier. A part that is there, the demo's or a person's, is left alone, so it goes on where it was stopped.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from portal.demo import DemoShop
from possys.accounts.models import User
from transactions.models import Store
from warehouse.demand.classing import LAST, Place, count_classes
from warehouse.demand.models import HORIZON_DAYS, Promotion
from warehouse.demand.running import forecast_all
from warehouse.demo_goods import (
    SUPPLIERS,
    UNCOUNTABLE,
    UNIT,
    DemoSupplier,
    in_packs,
    is_dead,
    is_forgotten,
    is_short,
    supplier_of,
    unit_cost,
)
from warehouse.orders.models import Order
from warehouse.orders.operations import By, Delivery, receive, send
from warehouse.orders.operations import Line as OrderedLine
from warehouse.stock.documents import LINES_MAX, Line, Paper, reverse, write
from warehouse.stock.items import know, save_supplier
from warehouse.stock.models import Document, Item, Product, Supplier
from warehouse.stock.on_hand import on_hand

Kind = Document.Kind
# Days before today: the count, and the deliveries behind it. Sales of longer ago tell what a store sells.
COUNTED_BACK, DELIVERED_BACK, KNOWN_BACK = 24, (17, 10, 3), 66
# Stores that sell less than this in that time keep no stock in the demo.
PRODUCTS_MIN, STORES_MAX = 200, 12
# What the count finds: some weeks of what is sold, and never less than a shelf shows.
COVER_WEEKS, SHELF = 3, 3 * UNIT
DEAD_UNITS = 18 * UNIT
OPENED_AT, UNPACKED_AT, CLOSED_AT = time(6, 40), time(7, 20), time(20, 30)
ORDER_LINES = 12
PROMOTED, PROMOTED_PERCENT = "Yogurt", 20
SOLD = """
    SELECT sold.product, max(product.category), sum(sold.quantity)::bigint, sum(sold.net)::bigint,
           coalesce(sum(sold.quantity) FILTER (WHERE sold.day >= %(counted)s AND sold.day < %(first)s), 0)::bigint,
           coalesce(sum(sold.quantity) FILTER (WHERE sold.day >= %(first)s AND sold.day < %(second)s), 0)::bigint,
           coalesce(sum(sold.quantity) FILTER (WHERE sold.day >= %(second)s AND sold.day < %(third)s), 0)::bigint
    FROM warehouse_soldday AS sold
    JOIN warehouse_product AS product ON product.retailer = %(retailer)s AND product.id = sold.product
    WHERE sold.store = %(store)s AND sold.day >= %(known)s AND sold.day < %(today)s
    GROUP BY sold.product HAVING sum(sold.quantity) > 0 AND sum(sold.net) > 0
    ORDER BY sum(sold.net) DESC, sold.product
"""
DAYS_SOLD = "SELECT min(day) FROM warehouse_soldday WHERE store = ANY(%s) AND day >= %s"


class Sells(NamedTuple):
    """A product in a store: what was sold of it lately, and in each week between the count and a delivery."""

    product: int
    category: str
    quantity: int
    net: int
    weeks: tuple[int, ...]

    @property
    def supplier(self) -> DemoSupplier:
        """Who delivers it."""
        return supplier_of(self.category)

    @property
    def cost(self) -> int:
        """What a unit of it costs."""
        return unit_cost(self.product, self.quantity, self.net)

    def counted(self, weeks_known: float) -> int:
        """What was there at the count."""
        if is_short(self.product):
            return 0
        if is_dead(self.product) and not any(self.weeks):
            return DEAD_UNITS
        return max(SHELF + self.product % 3 * UNIT, in_packs(int(self.quantity / weeks_known * COVER_WEEKS), 1))


@dataclass(frozen=True)
class Shelves:
    """What a store sells, and since how many weeks that is known."""

    shop: DemoShop
    store: Store
    today: date
    sells: Sequence[Sells]
    weeks_known: float

    @property
    def counted(self) -> list[Sells]:
        """What somebody counts."""
        return [one for one in self.sells if not is_forgotten(one.product) and one.category not in UNCOUNTABLE]


def make_stock(shop: DemoShop, now: datetime, say: Callable[[str], None]) -> None:
    """Everything that is missing in the stock of one retailer. Again it changes nothing."""
    today = timezone.localtime(now).date()
    shelves = _shelves(shop, today)
    if not shelves:
        say(f"{shop.retailer.name}: nothing was sold yet")
        return
    suppliers = _make_goods(shop, shelves)
    for one in shelves:
        _write_papers(one, suppliers, now)
    managed = [one for one in shelves if one.store in shop.managed]
    _write_more(managed, suppliers, now)
    _send_orders(managed, suppliers, now)
    say(f"{shop.retailer.name}: stock is kept in {len(shelves)} stores")
    _plan_promotion(shop, today, now)


def make_forecasts(shop: DemoShop, clock: Callable[[], datetime], say: Callable[[str], None]) -> None:
    """What is otherwise made at night: classes, and forecasts from yesterday."""
    today = clock().date()
    stores = Store.objects.filter(retailer=shop.retailer).order_by("pk").values_list("pk", flat=True)
    for store in (*stores, LAST):
        count_classes(Place(shop.retailer.pk, store), today)
    # One whose days are known by now, so that there is something to say of how good they are.
    for until in (today - timedelta(HORIZON_DAYS + 1), None):
        forecast_all([shop.retailer], until, clock, say)


def _shelves(shop: DemoShop, today: date) -> list[Shelves]:
    """The stores that sell enough, the busiest first."""
    found = []
    stores = list(Store.objects.filter(retailer=shop.retailer).order_by("pk"))
    known = today - timedelta(KNOWN_BACK)
    with connection.cursor() as cursor:
        cursor.execute(DAYS_SOLD, [[store.pk for store in stores], known])
        first = max(cursor.fetchone()[0] or today, known)
        days = (today - timedelta(back) for back in (COUNTED_BACK, *DELIVERED_BACK))
        values: dict[str, Any] = dict(zip(("counted", "first", "second", "third"), days, strict=True))
        values |= {"known": known, "today": today, "retailer": shop.retailer.pk}
        weeks_known = max(1, (today - first).days) / 7
        for store in stores:
            cursor.execute(SOLD, {**values, "store": store.pk})
            sells = [
                Sells(product, name, sold, net, tuple(weeks)) for product, name, sold, net, *weeks in cursor.fetchall()
            ]
            if len(sells) >= PRODUCTS_MIN:
                found.append(Shelves(shop, store, today, sells, weeks_known))
    return found[:STORES_MAX]


@transaction.atomic
def _make_goods(shop: DemoShop, shelves: Iterable[Shelves]) -> dict[str, Supplier]:
    """The suppliers by name; what a supplier delivers is only said of products that stock does not know yet."""
    retailer = shop.retailer.pk
    suppliers = {one.name: one for one in Supplier.objects.filter(retailer=retailer)}
    for plan in SUPPLIERS:
        if plan.name not in suppliers:
            email = f"orders@{plan.name.lower().replace(' ', '-')}.example"
            values = {"name": plan.name, "email": email, "lead_days": plan.lead_days, "review_days": plan.review_days}
            suppliers[plan.name] = save_supplier(retailer, None, values)
    known = set(Item.objects.filter(retailer=retailer).values_list("product", flat=True))
    new = {one.product: one.supplier for one in _all(shelves) if one.product not in known}
    know(retailer, list(new))
    untracked = _uncountable(retailer)
    know(retailer, untracked)
    Item.objects.filter(retailer=retailer, product__in=untracked).update(is_tracked=False)
    for plan in SUPPLIERS:
        own = [product for product, supplier in new.items() if supplier is plan]
        Item.objects.filter(retailer=retailer, product__in=own).update(
            supplier=suppliers[plan.name], pack=plan.pack * UNIT, order_minimum=plan.order_minimum * UNIT
        )
    return suppliers


def _uncountable(retailer_id: int) -> list[int]:
    """Fuel and the like."""
    return list(Product.objects.filter(retailer=retailer_id, category__in=UNCOUNTABLE).values_list("id", flat=True))


def _all(shelves: Iterable[Shelves]) -> Iterable[Sells]:
    return (one for own in shelves for one in own.counted)


@transaction.atomic
def _write_papers(shelves: Shelves, suppliers: dict[str, Supplier], now: datetime) -> None:
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
        for number, plan in enumerate(SUPPLIERS, 1):
            own = [one for one in shelves.counted if one.supplier is plan]
            came = _delivered(own, there, week, day, shelves.weeks_known)
            if came:
                paper = Paper(
                    kind=Kind.DELIVERY, retailer=store.retailer_id, store=store.pk, day=day,
                    supplier=suppliers[plan.name].pk, reference=f"{day:%y%j}-{number}{store.pk:03}",
                )  # fmt: skip
                write(paper, came[:LINES_MAX], user=shelves.shop.manager, now=at_time(day, UNPACKED_AT))


def _delivered(sells: Iterable[Sells], there: dict[int, int], week: int, day: date, weeks_known: float) -> list[Line]:
    """What comes because it was sold; `there` is told what is there then."""
    found = []
    for one in sells:
        there[one.product] -= one.weeks[week]
        wanted = max(SHELF, int(one.quantity / weeks_known * 2)) - there[one.product]
        if wanted <= 0 or is_short(one.product):
            continue
        quantity = in_packs(wanted, one.supplier.pack)
        there[one.product] += quantity
        # Prices move a little from week to week.
        cost = one.cost * (100 + (one.product // 7 + week) % 5 - 2) // 100
        keeps = one.supplier.keeps_days
        expires = day + timedelta(keeps + one.product % 4) if keeps else None
        lot = f"L{day:%y%j}" if keeps else ""
        found.append(Line(one.product, quantity, cost, lot, expires))
    return found


def at_time(day: date, moment: time) -> datetime:
    """A moment of a day where the stores are."""
    return timezone.make_aware(datetime.combine(day, moment))


@transaction.atomic
def _write_more(managed: Sequence[Shelves], suppliers: dict[str, Supplier], now: datetime) -> None:
    """What happens beside counts and deliveries, in stores of the manager."""
    if not managed or Document.objects.filter(store=managed[0].store, kind=Kind.WRITE_OFF).exists():
        return
    for shelves in managed:
        _lose(shelves, (9, 4, 1))
    first = managed[0]
    dairy = suppliers["Meadow Dairy"]
    own = [one for one in first.counted if one.supplier.name == dairy.name and not is_short(one.product)]
    day = first.today - timedelta(2)
    back = _paper(first, Kind.RETURN, day, supplier=dairy.pk, note="Delivered warm")
    write(back, [Line(one.product, UNIT) for one in own[:2]], user=first.shop.manager, now=at_time(day, UNPACKED_AT))
    twice = _paper(first, Kind.DELIVERY, day, supplier=dairy.pk, reference=f"{day:%y%j}-copy")
    made = write(
        twice,
        [Line(one.product, 2 * UNIT, one.cost) for one in own[:4]],
        user=first.shop.manager,
        now=at_time(day, CLOSED_AT),
    )
    reverse(made, user=first.shop.owner, now=now, note="Entered twice")
    if len(managed) > 1:
        moved = _paper(first, Kind.MOVE, day, to_store=managed[1].store.pk, note="Too many on our shelf")
        most = sorted(on_hand([first.store.pk]).items(), key=lambda one: (-one[1], one[0]))[:5]
        lines = [Line(product, in_packs(quantity // 3, 1)) for (_, product), quantity in most if quantity > UNIT]
        if lines:
            write(moved, lines, user=first.shop.manager, now=at_time(day, CLOSED_AT))


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


def _plan_promotion(shop: DemoShop, today: date, now: datetime) -> None:
    """A week from next Monday on, in all stores."""
    if Promotion.objects.filter(retailer=shop.retailer).exists():
        return
    first = today + timedelta(7 - today.weekday())
    Promotion.objects.create(
        retailer=shop.retailer, name=f"{PROMOTED} week", category=PROMOTED, discount_percent=PROMOTED_PERCENT,
        first_day=first, last_day=first + timedelta(6), made_by=shop.owner, made_at=now,
    )  # fmt: skip


@transaction.atomic
def _send_orders(managed: Sequence[Shelves], suppliers: dict[str, Supplier], now: datetime) -> None:
    """A late one, one that came in part, and one of today."""
    if not managed or Order.objects.filter(retailer=managed[0].shop.retailer).exists():
        return
    first, last = managed[0], managed[-1]
    user = first.shop.manager
    _order(first, suppliers["Meadow Dairy"], now - timedelta(4), user)
    part = _order(first, suppliers["Clear Spring Beverages"], now - timedelta(3), user)
    _order(last, suppliers["Valley Produce"], now, user)
    if part is not None:
        came = [Line(line.product, line.quantity, line.unit_cost) for line in part.lines.all()[: ORDER_LINES // 2]]
        delivery = Delivery(came, first.today, f"{first.today:%y%j}-half")
        receive(part.pk, delivery, stores=[first.store.pk], by=By(user, now))


def _order(shelves: Shelves, supplier: Supplier, then: datetime, user: User) -> Order | None:
    own = [one for one in shelves.counted if one.supplier.name == supplier.name][:ORDER_LINES]
    if not own:
        return None
    moment = timezone.localtime(then)
    lines = [
        OrderedLine(
            one.product, in_packs(max(UNIT, int(one.quantity / shelves.weeks_known)), one.supplier.pack), one.cost
        )
        for one in own
    ]
    expected_on = moment.date() + timedelta(supplier.lead_days)
    return send(shelves.store, supplier, lines, by=By(user, moment), expected_on=expected_on)
