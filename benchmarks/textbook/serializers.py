"""Nested ModelSerializers, with `create` as the chapter on writable nested representations has it."""

from typing import Any

from django.db import transaction
from rest_framework import serializers

from benchmarks.textbook.models import Line, Payment, Sale, Tax


class LineSerializer(serializers.ModelSerializer[Line]):
    class Meta:
        model = Line
        exclude = ("id", "sale")


class TaxSerializer(serializers.ModelSerializer[Tax]):
    class Meta:
        model = Tax
        exclude = ("id", "sale")


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    class Meta:
        model = Payment
        exclude = ("id", "sale")


class SaleSerializer(serializers.ModelSerializer[Sale]):
    """A whole receipt. Its rows go in by `bulk_create`, which is kinder than the documentation's loop."""

    lines = LineSerializer(many=True)
    taxes = TaxSerializer(many=True)
    payments = PaymentSerializer(many=True)

    class Meta:
        model = Sale
        exclude = ("id",)
        read_only_fields = ("code", "received_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The sums that a receipt must satisfy."""
        if sum(line["amount"] for line in attrs["lines"]) + attrs["rounding"] != attrs["total"]:
            raise serializers.ValidationError("the lines do not add up to the total")
        if sum(payment["amount"] for payment in attrs["payments"]) != attrs["total"]:
            raise serializers.ValidationError("the payments do not add up to the total")
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Sale:
        """Saves the sale with everything in it."""
        lines, taxes, payments = (validated_data.pop(name) for name in ("lines", "taxes", "payments"))
        sale = Sale.objects.create(**validated_data)
        Line.objects.bulk_create([Line(sale=sale, **line) for line in lines])
        Tax.objects.bulk_create([Tax(sale=sale, **tax) for tax in taxes])
        Payment.objects.bulk_create([Payment(sale=sale, **payment) for payment in payments])
        return sale
