"""What was bought together at a retailer; written by analytics/pairs/operations.py, a retailer at a time, all anew."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class PairRun(models.Model):
    """What a retailer's pairs were counted in."""

    retailer = models.IntegerField(primary_key=True)
    first = models.DateField()
    last = models.DateField()
    baskets = models.IntegerField(help_text="Sales of these days.")
    stores = ArrayField(models.IntegerField(), help_text="Those that sold something.")
    products = models.IntegerField(help_text="Products that were looked at.")
    categories = models.IntegerField(help_text="Categories that were looked at.")
    counted_at = models.DateTimeField()
    took_ms = models.IntegerField()

    class Meta:
        verbose_name = "count of pairs"

    def __str__(self) -> str:
        return f"pairs of retailer {self.retailer}, {self.first} to {self.last}"


class Pair(models.Model):
    """Two products, or two categories, in all of a retailer's stores; named as they were at the count."""

    pk = models.CompositePrimaryKey("retailer", "number")
    retailer = models.IntegerField()
    number = models.SmallIntegerField(help_text="Within the retailer, only until the next count.")
    is_category = models.BooleanField()
    first = models.BigIntegerField(help_text="A product's id; 0 for a category.")
    second = models.BigIntegerField()
    first_name = models.CharField(max_length=260)
    second_name = models.CharField(max_length=260)
    together = models.IntegerField(help_text="Sales with both.")
    with_first = models.IntegerField()
    with_second = models.IntegerField()

    class Meta:
        verbose_name = "pair"

    def __str__(self) -> str:
        return f"{self.first_name} and {self.second_name}"


class PairStore(models.Model):
    """The same in one store, so that the figures of some stores are sums; none where a retailer has one store only."""

    pk = models.CompositePrimaryKey("retailer", "store", "number")
    retailer = models.IntegerField()
    store = models.IntegerField()
    number = models.SmallIntegerField()
    together = models.IntegerField()
    with_first = models.IntegerField()
    with_second = models.IntegerField()
    baskets = models.IntegerField(help_text="Sales of the store.")

    class Meta:
        verbose_name = "pair in a store"

    def __str__(self) -> str:
        return f"pair {self.number} of retailer {self.retailer} in store {self.store}"
