"""The roll-ups: sums over the ledger's sales, written by the consumers alone and read by the pages.

    by           store and hour, store and day, terminal and day, product (day and month), category, tax, payment and
                 basket size; most of them once more for whole retailers (analytics/retailers.py)
    days, hours  are those written in `issued_at`, in its own offset: a sale that comes late lands on its own day
    amounts      are signed integers in minor units of their currency, as printed: refunds and voids are negative
    quantities   are in ten-thousandths (transactions.decimals.QUANTITY_SCALE)

Keys begin with the store and the day: a page asks for some stores and a span of days. Every figure is a sum or a
smallest or largest value, so that rows can be added up further, in any order, exactly.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from analytics.pairs.models import Pair, PairRun, PairStore
from analytics.peers.models import ChosenKind, CohortStore, PeerFigure, PeerWeek
from analytics.retailers import (
    RetailerBasketDay,
    RetailerCategoryDay,
    RetailerHour,
    RetailerPaymentDay,
    RetailerProductDay,
    RetailerProductMonth,
    RetailerTaxDay,
)
from analytics.rolling.receipts import BASKET_LINES_MAX, PAYMENT_METHODS
from analytics.sums import BasketSums, LineSums, PaymentSums, Takings, TaxSums
from transactions.stream import SALE_TYPES

__all__ = [
    "BASKET_LINES_MAX",
    "PAYMENT_METHODS",
    "BasketDay",
    "CategoryDay",
    "ChosenKind",
    "CohortStore",
    "Pair",
    "PairRun",
    "PairStore",
    "PaymentDay",
    "PeerFigure",
    "PeerWeek",
    "Product",
    "ProductDay",
    "ProductMonth",
    "RetailerBasketDay",
    "RetailerCategoryDay",
    "RetailerHour",
    "RetailerPaymentDay",
    "RetailerProductDay",
    "RetailerProductMonth",
    "RetailerTaxDay",
    "SaleRow",
    "StoreDay",
    "StoreHour",
    "TaxDay",
    "TerminalDay",
    "TerminalHealth",
]


class StoreHour(Takings):
    """What a store took in an hour."""

    pk = models.CompositePrimaryKey("store", "day", "hour", "currency")
    store = models.IntegerField()
    day = models.DateField()
    hour = models.SmallIntegerField()

    class Meta:
        verbose_name = "hour of a store"

    def __str__(self) -> str:
        return f"store {self.store}, {self.day} {self.hour:02}"


class StoreDay(Takings):
    """The same without the hours, so that a year of many stores beside each other is a page's work."""

    pk = models.CompositePrimaryKey("store", "day", "currency")
    store = models.IntegerField()
    day = models.DateField()

    class Meta:
        verbose_name = "day of a store"

    def __str__(self) -> str:
        return f"store {self.store}, {self.day}"


class TerminalDay(models.Model):
    """What a terminal sent of one day."""

    pk = models.CompositePrimaryKey("terminal", "day", "currency")
    terminal = models.IntegerField()
    day = models.DateField()
    currency = models.CharField(max_length=3)
    store = models.IntegerField()
    sales = models.IntegerField()
    refunds = models.IntegerField()
    voids = models.IntegerField()
    amount = models.BigIntegerField(help_text="Sales, refunds and voids together.")
    offline = models.IntegerField()
    late = models.IntegerField()
    first_issued_at = models.DateTimeField()
    last_issued_at = models.DateTimeField()
    first_sequence = models.IntegerField()
    last_sequence = models.IntegerField()

    class Meta:
        verbose_name = "day of a terminal"
        indexes = (models.Index(fields=("store", "day"), name="terminal_days_of_a_store"),)

    def __str__(self) -> str:
        return f"terminal {self.terminal}, {self.day}"


class TerminalHealth(models.Model):
    """All that was ever sent by a terminal: numbers that are missing are last - first + 1 - records."""

    terminal = models.IntegerField(primary_key=True)
    store = models.IntegerField()
    first_sequence = models.IntegerField()
    last_sequence = models.IntegerField()
    records = models.BigIntegerField()
    first_issued_at = models.DateTimeField()
    last_issued_at = models.DateTimeField()
    last_received_at = models.DateTimeField()

    class Meta:
        verbose_name = "health of a terminal"
        indexes = (models.Index(fields=("store",), name="terminals_of_a_store"),)

    def __str__(self) -> str:
        return f"terminal {self.terminal}"


class Product(models.Model):
    """What a retailer sells, by its own number: the sku, else the GTIN, else the name; named as it was sold last.

    `id` is worked out of retailer and key (ledger/products.py), so that who writes a sum needs no look-up
    here, and rebuilt tables have the same ids. It is unique within a retailer only: join with both.
    """

    pk = models.CompositePrimaryKey("retailer", "id")
    retailer = models.IntegerField()
    id = models.BigIntegerField()
    key = models.CharField(max_length=124, help_text="s:sku, g:gtin or n:name")
    name = models.CharField(max_length=120)
    category = models.CharField(max_length=60, blank=True)
    gtin = models.CharField(max_length=14, blank=True)
    named_on = models.DateField(help_text="The last day on which it was sold; of that day's names, the last by value.")

    def __str__(self) -> str:
        return self.name


class ProductDay(LineSums):
    """A product in a store on a day."""

    pk = models.CompositePrimaryKey("store", "day", "product", "currency")
    store = models.IntegerField()
    day = models.DateField()
    product = models.BigIntegerField()

    class Meta:
        verbose_name = "day of a product"

    def __str__(self) -> str:
        return f"product {self.product} in store {self.store}, {self.day}"


class ProductMonth(LineSums):
    """The same by month, `month` being its first day, so that a year of a chain is a page's work."""

    pk = models.CompositePrimaryKey("store", "month", "product", "currency")
    store = models.IntegerField()
    month = models.DateField()
    product = models.BigIntegerField()

    class Meta:
        verbose_name = "month of a product"

    def __str__(self) -> str:
        return f"product {self.product} in store {self.store}, {self.month:%Y-%m}"


class CategoryDay(LineSums):
    """The item lines of a category, as it is written on them, in a store on a day."""

    pk = models.CompositePrimaryKey("store", "day", "category", "currency")
    store = models.IntegerField()
    day = models.DateField()
    category = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = "day of a category"

    def __str__(self) -> str:
        return f"{self.category} in store {self.store}, {self.day}"


class TaxDay(TaxSums):
    """The rows of the tax recaps in a store on a day."""

    pk = models.CompositePrimaryKey("store", "day", "code", "rate", "currency")
    store = models.IntegerField()
    day = models.DateField()

    class Meta:
        verbose_name = "day of a tax"

    def __str__(self) -> str:
        return f"tax {self.code} in store {self.store}, {self.day}"


class PaymentDay(PaymentSums):
    """What was paid in one way in a store on a day."""

    pk = models.CompositePrimaryKey("store", "day", "method", "currency")
    store = models.IntegerField()
    day = models.DateField()

    class Meta:
        verbose_name = "day of a payment method"

    def __str__(self) -> str:
        return f"{self.method} in store {self.store}, {self.day}"


class BasketDay(BasketSums):
    """Sales of a basket size in a store on a day."""

    pk = models.CompositePrimaryKey("store", "day", "lines", "currency")
    store = models.IntegerField()
    day = models.DateField()

    class Meta:
        verbose_name = "day of a basket size"

    def __str__(self) -> str:
        return f"baskets of {self.lines} in store {self.store}, {self.day}"


class SaleRow(models.Model):
    """One sale, refund or void, for the lists behind a figure and for what is bought together.

    Its receipt code is a function of `identity` and `day` (possys.receipt_keys), so it is not kept.
    """

    identity = models.BigIntegerField(primary_key=True)
    store = models.IntegerField()
    day = models.DateField()
    issued_at = models.DateTimeField()
    hour = models.SmallIntegerField()
    type = models.SmallIntegerField(choices=list(enumerate(SALE_TYPES)))
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    discounts = models.BigIntegerField()
    lines = models.SmallIntegerField()
    methods = models.SmallIntegerField(help_text="Ways of payment as bits, in the order of PAYMENT_METHODS.")
    is_late = models.BooleanField()
    products = ArrayField(models.BigIntegerField(), help_text="What it holds, each once.")

    class Meta:
        verbose_name = "sale"
        indexes = (models.Index(fields=("store", "day"), name="sales_of_a_store"),)

    def __str__(self) -> str:
        return f"sale {self.identity}"
