"""The sums of whole retailers: for whoever sees all stores, a chain's page adds up as few rows as a shop's.

The same as the stores' (analytics/models.py), without the store. Whose a sale is, is written in the ledger beside it.
"""

from django.db import models

from analytics.sums import BasketSums, LineSums, PaymentSums, Takings, TaxSums


class RetailerHour(Takings):
    """What a retailer took in an hour."""

    pk = models.CompositePrimaryKey("retailer", "day", "hour", "currency")
    retailer = models.IntegerField()
    day = models.DateField()
    hour = models.SmallIntegerField()

    class Meta:
        verbose_name = "hour of a retailer"

    def __str__(self) -> str:
        return f"retailer {self.retailer}, {self.day} {self.hour:02}"


class RetailerProductDay(LineSums):
    """A product in all stores on a day."""

    pk = models.CompositePrimaryKey("retailer", "day", "product", "currency")
    retailer = models.IntegerField()
    day = models.DateField()
    product = models.BigIntegerField()

    class Meta:
        verbose_name = "day of a retailer's product"

    def __str__(self) -> str:
        return f"product {self.product} of retailer {self.retailer}, {self.day}"


class RetailerProductMonth(LineSums):
    """The same by month, `month` being its first day."""

    pk = models.CompositePrimaryKey("retailer", "month", "product", "currency")
    retailer = models.IntegerField()
    month = models.DateField()
    product = models.BigIntegerField()

    class Meta:
        verbose_name = "month of a retailer's product"

    def __str__(self) -> str:
        return f"product {self.product} of retailer {self.retailer}, {self.month:%Y-%m}"


class RetailerCategoryDay(LineSums):
    """A category in all stores on a day."""

    pk = models.CompositePrimaryKey("retailer", "day", "category", "currency")
    retailer = models.IntegerField()
    day = models.DateField()
    category = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = "day of a retailer's category"

    def __str__(self) -> str:
        return f"{self.category} of retailer {self.retailer}, {self.day}"


class RetailerTaxDay(TaxSums):
    """The rows of the tax recaps in all stores on a day."""

    pk = models.CompositePrimaryKey("retailer", "day", "code", "rate", "currency")
    retailer = models.IntegerField()
    day = models.DateField()

    class Meta:
        verbose_name = "day of a retailer's tax"

    def __str__(self) -> str:
        return f"tax {self.code} of retailer {self.retailer}, {self.day}"


class RetailerPaymentDay(PaymentSums):
    """What was paid in one way in all stores on a day."""

    pk = models.CompositePrimaryKey("retailer", "day", "method", "currency")
    retailer = models.IntegerField()
    day = models.DateField()

    class Meta:
        verbose_name = "day of a retailer's payment method"

    def __str__(self) -> str:
        return f"{self.method} of retailer {self.retailer}, {self.day}"


class RetailerBasketDay(BasketSums):
    """Sales of a basket size in all stores on a day."""

    pk = models.CompositePrimaryKey("retailer", "day", "lines", "currency")
    retailer = models.IntegerField()
    day = models.DateField()

    class Meta:
        verbose_name = "day of a retailer's basket size"

    def __str__(self) -> str:
        return f"baskets of {self.lines} of retailer {self.retailer}, {self.day}"
