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
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal.demo import DemoShop
from possys.accounts.models import User
from transactions.models import Store
from warehouse.demand.classing import LAST, Place, count_classes
from warehouse.demand.models import HORIZON_DAYS, Promotion
from warehouse.demand.promotions import Plan, plan
from warehouse.demand.running import forecast_all
from warehouse.demo_goods import (
    SUPPLIERS,
    UNCOUNTABLE,
    UNIT,
    in_packs,
)
from warehouse.demo_papers import write_more, write_papers
from warehouse.demo_shelves import Sells, Shelves, shelves_of
from warehouse.orders.models import Order
from warehouse.orders.operations import By, Delivery, receive, send
from warehouse.orders.operations import Line as OrderedLine
from warehouse.stock.documents import Line
from warehouse.stock.items import know, save_supplier
from warehouse.stock.models import Item, Product, Supplier

# Products in an order.
ORDER_LINES = 12
PROMOTED, PROMOTED_PERCENT = "Yogurt", 20


def make_stock(shop: DemoShop, now: datetime, say: Callable[[str], None]) -> None:
    """Everything that is missing in the stock of one retailer. Again it changes nothing."""
    today = timezone.localtime(now).date()
    shelves = shelves_of(shop, today)
    if not shelves:
        say(f"{shop.retailer.name}: nothing was sold yet")
        return
    suppliers = _make_goods(shop, shelves)
    for one in shelves:
        write_papers(one, suppliers)
    managed = [one for one in shelves if one.store in shop.managed]
    write_more(managed, suppliers, now)
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


@transaction.atomic
def _make_goods(shop: DemoShop, shelves: Iterable[Shelves]) -> dict[str, Supplier]:
    """The suppliers by name; what a supplier delivers is only said of products that stock does not know yet."""
    retailer = shop.retailer.pk
    suppliers = {one.name: one for one in Supplier.objects.filter(retailer=retailer)}
    for seller in SUPPLIERS:
        if seller.name not in suppliers:
            email = f"orders@{seller.name.lower().replace(' ', '-')}.example"
            values = {
                "name": seller.name,
                "email": email,
                "lead_days": seller.lead_days,
                "review_days": seller.review_days,
            }
            suppliers[seller.name] = save_supplier(retailer, None, values)
    known = set(Item.objects.filter(retailer=retailer).values_list("product", flat=True))
    new = {one.product: one.supplier for one in _all(shelves) if one.product not in known}
    know(retailer, list(new))
    untracked = _uncountable(retailer)
    know(retailer, untracked)
    Item.objects.filter(retailer=retailer, product__in=untracked).update(is_tracked=False)
    for seller in SUPPLIERS:
        own = [product for product, supplier in new.items() if supplier is seller]
        Item.objects.filter(retailer=retailer, product__in=own).update(
            supplier=suppliers[seller.name], pack=seller.pack * UNIT, order_minimum=seller.order_minimum * UNIT
        )
    return suppliers


def _uncountable(retailer_id: int) -> list[int]:
    """Fuel and the like."""
    return list(Product.objects.filter(retailer=retailer_id, category__in=UNCOUNTABLE).values_list("id", flat=True))


def _all(shelves: Iterable[Shelves]) -> Iterable[Sells]:
    return (one for own in shelves for one in own.counted)


def _plan_promotion(shop: DemoShop, today: date, now: datetime) -> None:
    """A week from next Monday on, in all stores."""
    if Promotion.objects.filter(retailer=shop.retailer).exists():
        return
    first = today + timedelta(7 - today.weekday())
    asked = Plan(f"{PROMOTED} week", None, None, PROMOTED, first, first + timedelta(6), PROMOTED_PERCENT)
    plan(shop.retailer.pk, asked, shop.owner, now)


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
