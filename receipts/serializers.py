"""The public JSON of a receipt, and what each of its fields means."""

from typing import Any

from rest_framework import serializers

MINOR = "in minor units of `currency`"


class ReceiptPlaceSerializer(serializers.Serializer[Any]):
    """Where the ledger keeps the record."""

    shard = serializers.IntegerField(help_text="The line of records that the terminal belongs to.")
    epoch = serializers.IntegerField(help_text="The epoch within the shard.")
    number = serializers.IntegerField(help_text="The record's number within the epoch; there are no gaps.")
    block = serializers.IntegerField(help_text="The shard's sealed block that holds the record.")
    position = serializers.IntegerField(help_text="The record's position in the block, from 0.")


class ReceiptNamesSerializer(serializers.Serializer[Any]):
    """Who sold, as registered today."""

    retailer = serializers.CharField(help_text="The retailer's registered name.")
    store = serializers.CharField(help_text="The name of the store.")
    address = serializers.CharField(help_text="The store's address; may be blank.")


class ReceiptLineSerializer(serializers.Serializer[Any]):
    """One line, as printed."""

    kind = serializers.ChoiceField(
        ["item", "discount", "deposit", "tip", "voucher", "other"], help_text="What it is for."
    )
    sku = serializers.CharField(allow_null=True, help_text="The retailer's own number of the product.")
    gtin = serializers.CharField(allow_null=True, help_text="The product's global number, as in its bar code.")
    name = serializers.CharField(help_text="The product's name.")
    category = serializers.CharField(allow_null=True, help_text="The retailer's own grouping.")
    quantity = serializers.CharField(help_text='A decimal string, such as "0.312".')
    unit = serializers.CharField(allow_null=True, help_text='The quantity\'s unit, such as "kg".')
    unit_price = serializers.CharField(allow_null=True, help_text=f"A decimal string, {MINOR}.")
    discount = serializers.IntegerField(help_text=f"Taken off this line, {MINOR}.")
    amount = serializers.IntegerField(help_text=f"quantity x unit_price - discount, {MINOR}.")
    tax = serializers.CharField(help_text="The `code` in `taxes`.")


class ReceiptTaxSerializer(serializers.Serializer[Any]):
    """One row of the tax recap."""

    code = serializers.CharField(help_text="The retailer's tax code.")
    rate = serializers.CharField(
        allow_null=True, help_text="Per cent; null where exempt or outside the scope of the tax."
    )
    net = serializers.IntegerField(help_text=f"Without tax, {MINOR}.")
    tax = serializers.IntegerField(help_text=f"The tax, {MINOR}.")


class ReceiptPaymentSerializer(serializers.Serializer[Any]):
    """One way in which it was paid."""

    method = serializers.ChoiceField(["cash", "card", "transfer", "voucher", "account", "other"], help_text="How.")
    amount = serializers.IntegerField(help_text=f"How much, {MINOR}.")


class ReceiptSaleSerializer(serializers.Serializer[Any]):
    """The sale as the till sent it, without buyer, operator, lottery tag and sequence."""

    terminal = serializers.IntegerField(help_text="The till's number.")
    type = serializers.ChoiceField(["sale", "refund", "void"], help_text="A refund's or void's amounts are negative.")
    mode = serializers.ChoiceField(["online", "offline"], help_text="`offline`: made while the till had no network.")
    issued_at = serializers.CharField(help_text="RFC 3339, with the offset that the till wrote.")
    currency = serializers.CharField(help_text="ISO 4217.")
    total = serializers.IntegerField(help_text=f"What was to be paid, {MINOR}.")
    rounding = serializers.IntegerField(help_text=f"Part of the total that only rounds it, {MINOR}.")
    taxes_included = serializers.BooleanField(help_text="Whether the lines' amounts include the taxes.")
    lines = ReceiptLineSerializer(many=True, help_text="In the order in which they were printed.")
    taxes = ReceiptTaxSerializer(many=True, help_text="The tax recap.")
    payments = ReceiptPaymentSerializer(many=True, help_text="They add up to the total.")
    tendered = serializers.IntegerField(allow_null=True, help_text=f"What the customer handed over, {MINOR}.")
    change = serializers.IntegerField(allow_null=True, help_text=f"What the customer got back, {MINOR}.")
    refers_to = serializers.CharField(allow_null=True, help_text="The code of the receipt that is taken back.")
    reason = serializers.CharField(allow_null=True, help_text="Why it is taken back.")


class TakenBackSerializer(serializers.Serializer[Any]):
    """A refund or void of the receipt."""

    code = serializers.CharField(help_text="Its own receipt code.")
    type = serializers.ChoiceField(["refund", "void"], help_text="Which of the two.")
    total = serializers.IntegerField(help_text="What it gave back, a negative amount in minor units.")
    sealed_at = serializers.DateTimeField(help_text="When the ledger sealed it, RFC 3339 in UTC.")


class FindingSerializer(serializers.Serializer[Any]):
    """What is known of a code."""

    status = serializers.ChoiceField(
        ["recorded", "late", "partly-refunded", "refunded", "voided", "accepted", "test"],
        help_text="`recorded`: in the ledger; `late`: so, but more than ten minutes after its issue; "
        "`partly-refunded`, `refunded`, `voided`: so, and taken back since. `accepted`: taken and safe, recorded "
        "within seconds. `test`: from training or set-up, never recorded. In these two what follows `url` is null.",
    )
    code = serializers.CharField(help_text="The code as it is printed.")
    url = serializers.CharField(
        help_text="The receipt's page for people: all of it where all was asked for, else the page that asks for the "
        "total."
    )
    issued_on = serializers.DateField(allow_null=True, help_text="The day on the receipt.")
    names = ReceiptNamesSerializer(allow_null=True, help_text="Retailer and store.")
    received_at = serializers.CharField(
        allow_null=True,
        help_text="When the system took the sale, RFC 3339 in UTC. Without total or link this and the rest is null.",
    )
    place = ReceiptPlaceSerializer(allow_null=True, help_text="Where the ledger keeps it.")
    till_key = serializers.CharField(
        allow_null=True, help_text="The fingerprint of the key that the till signed it with; null where it did not."
    )
    sale = ReceiptSaleSerializer(allow_null=True, help_text="What the receipt says.")
    taken_back = TakenBackSerializer(many=True, allow_null=True, help_text="Its refunds and voids, the oldest first.")


class ProofSerializer(serializers.Serializer[dict[str, Any]]):
    """A proof file, see docs/proof-format.md."""

    format = serializers.CharField(help_text='"possys-proof-v1"')
    record = serializers.CharField(help_text="The record's bytes, as text.")
    position = serializers.IntegerField(help_text="The record's place in its block.")
    path = serializers.ListField(child=serializers.CharField(), help_text="From the record to the block's root.")
    header = serializers.CharField(help_text="The block's header, as text; its bytes are a leaf of the log.")
    log = serializers.CharField(help_text="A c2sp.org/tlog-proof of that leaf, with the signed checkpoint.")
