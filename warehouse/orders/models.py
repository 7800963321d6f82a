"""Orders to suppliers."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from transactions.models import Retailer, Store
from warehouse.stock.models import NOTE_MAX, Supplier


class Order(models.Model):
    """An order of one store to one supplier."""

    class State(models.TextChoices):
        SENT = "sent", "Sent"
        RECEIVED = "received", "Received"
        CANCELLED = "cancelled", "Cancelled"

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.SENT)
    sent_on = models.DateField()
    expected_on = models.DateField()
    note = models.CharField(max_length=NOTE_MAX, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("store", "state"), name="orders_of_a_store"),)

    def __str__(self) -> str:
        return f"order {self.pk}"


class OrderLine(models.Model):
    """One product of an order; quantities in ten-thousandths."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.BigIntegerField()
    quantity = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    unit_cost = models.BigIntegerField(null=True, help_text="In ten-thousandths of a minor unit.")

    class Meta:
        verbose_name = "line of an order"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("order", "product"), name="a_product_is_ordered_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1, received__gte=0), name="order_quantities_fit"),
        )
        indexes = (models.Index(F("product"), condition=Q(received__lt=F("quantity")), name="open_order_lines"),)

    def __str__(self) -> str:
        return f"{self.quantity} of product {self.product}"
