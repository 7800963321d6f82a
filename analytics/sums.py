"""What rows of sums hold, be they of stores (analytics/models.py) or of whole retailers (analytics/retailers.py)."""

from django.db import models


class Takings(models.Model):
    """`sales` - `gross`, `refunds` - `refunded`, `voids` - `voided`: counts and sums."""

    currency = models.CharField(max_length=3)
    sales = models.IntegerField()
    refunds = models.IntegerField()
    voids = models.IntegerField()
    gross = models.BigIntegerField()
    refunded = models.BigIntegerField()
    voided = models.BigIntegerField()
    tax = models.BigIntegerField()
    discounts = models.BigIntegerField(help_text="What was taken off in sales: of lines, and of whole receipts.")
    discounted = models.IntegerField(help_text="Sales with a discount.")
    lines = models.IntegerField(help_text="Item lines in sales.")
    offline = models.IntegerField(help_text="Records made while the network was away.")
    late = models.IntegerField(help_text="Records that came late (receipts.receipt.LATE_AFTER).")

    class Meta:
        abstract = True


class LineSums(models.Model):
    """The sums of item lines; refunds and voids are in `quantity` and `amount`, with their sign."""

    currency = models.CharField(max_length=3)
    quantity = models.BigIntegerField(help_text="In ten-thousandths.")
    amount = models.BigIntegerField()
    discounts = models.BigIntegerField()
    baskets = models.IntegerField(help_text="Sales that hold it.")

    class Meta:
        abstract = True


class TaxSums(models.Model):
    """Rows of tax recaps; `rate` as it is written, empty where there is none."""

    code = models.CharField(max_length=8)
    rate = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()

    class Meta:
        abstract = True


class PaymentSums(models.Model):
    """What was paid in one way."""

    method = models.CharField(max_length=8)
    currency = models.CharField(max_length=3)
    payments = models.IntegerField()
    amount = models.BigIntegerField()

    class Meta:
        abstract = True


class BasketSums(models.Model):
    """Sales by how many item lines they have (at most BASKET_LINES_MAX)."""

    lines = models.SmallIntegerField()
    currency = models.CharField(max_length=3)
    sales = models.IntegerField()
    amount = models.BigIntegerField()

    class Meta:
        abstract = True
