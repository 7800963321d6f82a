"""A sale with its lines, taxes and payments, each in a table of its own."""
# ruff: noqa: DJ001 - the format sends null where a text is empty

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Till(models.Model):
    """A terminal, with the user whose token it sends."""

    objects: ClassVar[models.Manager["Till"]] = models.Manager()

    number = models.BigIntegerField(primary_key=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return str(self.number)


class Sale(models.Model):
    """One receipt."""

    objects: ClassVar[models.Manager["Sale"]] = models.Manager()

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    terminal = models.ForeignKey(Till, on_delete=models.PROTECT)
    sequence = models.PositiveIntegerField()
    type = models.CharField(max_length=10, choices=[(name, name) for name in ("sale", "refund", "void")])
    mode = models.CharField(max_length=10, choices=[(name, name) for name in ("online", "offline", "training")])
    issued_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    rounding = models.BigIntegerField()
    taxes_included = models.BooleanField()
    tendered = models.BigIntegerField(null=True)
    refers_to: Any = models.CharField(max_length=24, null=True)
    reason: Any = models.CharField(max_length=200, null=True)
    operator: Any = models.CharField(max_length=40, null=True)
    buyer: Any = models.CharField(max_length=40, null=True)
    lottery: Any = models.CharField(max_length=40, null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("terminal", "sequence"), name="one_sale_a_sequence"),)

    def __str__(self) -> str:
        return str(self.code)


class Line(models.Model):
    """One line of a receipt."""

    objects: ClassVar[models.Manager["Line"]] = models.Manager()

    sale = models.ForeignKey(Sale, related_name="lines", on_delete=models.CASCADE)
    kind = models.CharField(max_length=10)
    sku: Any = models.CharField(max_length=40, null=True)
    gtin: Any = models.CharField(max_length=14, null=True)
    name = models.CharField(max_length=120)
    category: Any = models.CharField(max_length=60, null=True)
    quantity = models.DecimalField(max_digits=13, decimal_places=4)
    unit: Any = models.CharField(max_length=10, null=True)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    discount = models.BigIntegerField()
    amount = models.BigIntegerField()
    tax = models.CharField(max_length=8)

    def __str__(self) -> str:
        return self.name


class Tax(models.Model):
    """One row of a receipt's tax recap."""

    objects: ClassVar[models.Manager["Tax"]] = models.Manager()

    sale = models.ForeignKey(Sale, related_name="taxes", on_delete=models.CASCADE)
    code = models.CharField(max_length=8)
    rate = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()

    def __str__(self) -> str:
        return self.code


class Payment(models.Model):
    """One tender of a receipt."""

    objects: ClassVar[models.Manager["Payment"]] = models.Manager()

    sale = models.ForeignKey(Sale, related_name="payments", on_delete=models.CASCADE)
    method = models.CharField(max_length=10)
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return self.method
