"""The shapes of the roll-ups' tables."""

from ledger.sums import Shape

TAKINGS = (
    "sales",
    "refunds",
    "voids",
    "gross",
    "refunded",
    "voided",
    "tax",
    "discounts",
    "discounted",
    "lines",
    "offline",
    "late",
)
STORE_HOUR = Shape("analytics.StoreHour", keys=("store", "day", "hour", "currency"), sums=TAKINGS)
STORE_DAY = Shape("analytics.StoreDay", keys=("store", "day", "currency"), sums=TAKINGS)
# A terminal stays in its store; of two, the larger number would be certain in any order.
TERMINAL_DAY = Shape(
    "analytics.TerminalDay",
    keys=("terminal", "day", "currency"),
    sums=("sales", "refunds", "voids", "amount", "offline", "late"),
    least=("first_issued_at", "first_sequence"),
    greatest=("last_issued_at", "last_sequence", "store"),
)
TERMINAL_HEALTH = Shape(
    "analytics.TerminalHealth",
    keys=("terminal",),
    sums=("records",),
    least=("first_issued_at", "first_sequence"),
    greatest=("last_issued_at", "last_sequence", "last_received_at", "store"),
)
TAX_DAY = Shape("analytics.TaxDay", keys=("store", "day", "code", "rate", "currency"), sums=("net", "tax"))
PAYMENT_DAY = Shape("analytics.PaymentDay", keys=("store", "day", "method", "currency"), sums=("payments", "amount"))
BASKET_DAY = Shape("analytics.BasketDay", keys=("store", "day", "lines", "currency"), sums=("sales", "amount"))

LINE_SUMS = ("quantity", "amount", "discounts", "baskets")
PRODUCT_DAY = Shape("analytics.ProductDay", keys=("store", "day", "product", "currency"), sums=LINE_SUMS)
PRODUCT_MONTH = Shape("analytics.ProductMonth", keys=("store", "month", "product", "currency"), sums=LINE_SUMS)
CATEGORY_DAY = Shape("analytics.CategoryDay", keys=("store", "day", "category", "currency"), sums=LINE_SUMS)


def _of_retailers(shape: Shape) -> Shape:
    """The same sums of whole retailers."""
    name = shape.model.removeprefix("analytics.").removeprefix("Store")
    return Shape(f"analytics.Retailer{name}", ("retailer", *shape.keys[1:]), shape.sums)


RETAILER_HOUR = _of_retailers(STORE_HOUR)
RETAILER_TAX_DAY = _of_retailers(TAX_DAY)
RETAILER_PAYMENT_DAY = _of_retailers(PAYMENT_DAY)
RETAILER_BASKET_DAY = _of_retailers(BASKET_DAY)
RETAILER_PRODUCT_DAY = _of_retailers(PRODUCT_DAY)
RETAILER_PRODUCT_MONTH = _of_retailers(PRODUCT_MONTH)
RETAILER_CATEGORY_DAY = _of_retailers(CATEGORY_DAY)

RETAILER_RECEIPTS = (RETAILER_HOUR, RETAILER_TAX_DAY, RETAILER_PAYMENT_DAY, RETAILER_BASKET_DAY)
RETAILER_LINES = (RETAILER_PRODUCT_DAY, RETAILER_PRODUCT_MONTH, RETAILER_CATEGORY_DAY)
