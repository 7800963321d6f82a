"""The roll-ups (analytics/models.py)."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="BasketDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "lines",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("lines", models.SmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "day of a basket size",
            },
        ),
        migrations.CreateModel(
            name="CategoryDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "category",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("category", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
            ],
            options={
                "verbose_name": "day of a category",
            },
        ),
        migrations.CreateModel(
            name="PaymentDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "method",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("method", models.CharField(max_length=8)),
                ("currency", models.CharField(max_length=3)),
                ("payments", models.IntegerField()),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "day of a payment method",
            },
        ),
        migrations.CreateModel(
            name="ProductDay",
            fields=[
                ("store", models.IntegerField()),
                ("product", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "product",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "day of a product",
            },
        ),
        migrations.CreateModel(
            name="ProductMonth",
            fields=[
                ("store", models.IntegerField()),
                ("product", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "month",
                        "product",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month", models.DateField()),
            ],
            options={
                "verbose_name": "month of a product",
            },
        ),
        migrations.CreateModel(
            name="StoreHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "hour",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("hour", models.SmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("refunds", models.IntegerField()),
                ("voids", models.IntegerField()),
                ("gross", models.BigIntegerField()),
                ("refunded", models.BigIntegerField()),
                ("voided", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
                (
                    "discounts",
                    models.BigIntegerField(help_text="What was taken off in sales: of lines, and of whole receipts."),
                ),
                ("discounted", models.IntegerField(help_text="Sales with a discount.")),
                ("lines", models.IntegerField(help_text="Item lines in sales.")),
                ("offline", models.IntegerField(help_text="Records made while the network was away.")),
                ("late", models.IntegerField(help_text="Records that came late (receipts.receipt.LATE_AFTER).")),
            ],
            options={
                "verbose_name": "hour of a store",
            },
        ),
        migrations.CreateModel(
            name="TaxDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "code",
                        "rate",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("code", models.CharField(max_length=8)),
                ("rate", models.CharField(blank=True, max_length=20)),
                ("currency", models.CharField(max_length=3)),
                ("net", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "day of a tax",
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("id", models.BigIntegerField()),
                ("key", models.CharField(help_text="s:sku, g:gtin or n:name", max_length=124)),
                ("name", models.CharField(max_length=120)),
                ("category", models.CharField(blank=True, max_length=60)),
                ("gtin", models.CharField(blank=True, max_length=14)),
                (
                    "named_on",
                    models.DateField(
                        help_text="The last day on which it was sold; of that day's names, the last by value."
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SaleRow",
            fields=[
                ("identity", models.BigIntegerField(primary_key=True, serialize=False)),
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("issued_at", models.DateTimeField()),
                ("hour", models.SmallIntegerField()),
                ("type", models.SmallIntegerField(choices=[(0, "sale"), (1, "refund"), (2, "void")])),
                ("currency", models.CharField(max_length=3)),
                ("total", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("lines", models.SmallIntegerField()),
                (
                    "methods",
                    models.SmallIntegerField(help_text="Ways of payment as bits, in the order of PAYMENT_METHODS."),
                ),
                ("is_late", models.BooleanField()),
                (
                    "products",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), help_text="What it holds, each once.", size=None
                    ),
                ),
            ],
            options={
                "verbose_name": "sale",
                "indexes": [models.Index(fields=["store", "day"], name="sales_of_a_store")],
            },
        ),
        migrations.CreateModel(
            name="TerminalDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "terminal", "day", "currency", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("terminal", models.IntegerField()),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("store", models.IntegerField()),
                ("sales", models.IntegerField()),
                ("refunds", models.IntegerField()),
                ("voids", models.IntegerField()),
                ("amount", models.BigIntegerField(help_text="Sales, refunds and voids together.")),
                ("offline", models.IntegerField()),
                ("late", models.IntegerField()),
                ("first_issued_at", models.DateTimeField()),
                ("last_issued_at", models.DateTimeField()),
                ("first_sequence", models.IntegerField()),
                ("last_sequence", models.IntegerField()),
            ],
            options={
                "verbose_name": "day of a terminal",
                "indexes": [models.Index(fields=["store", "day"], name="terminal_days_of_a_store")],
            },
        ),
        migrations.CreateModel(
            name="TerminalHealth",
            fields=[
                ("terminal", models.IntegerField(primary_key=True, serialize=False)),
                ("store", models.IntegerField()),
                ("first_sequence", models.IntegerField()),
                ("last_sequence", models.IntegerField()),
                ("records", models.BigIntegerField()),
                ("first_issued_at", models.DateTimeField()),
                ("last_issued_at", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "health of a terminal",
                "indexes": [models.Index(fields=["store"], name="terminals_of_a_store")],
            },
        ),
        migrations.CreateModel(
            name="RetailerBasketDay",
            fields=[
                ("lines", models.SmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("amount", models.BigIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer",
                        "day",
                        "lines",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "day of a retailer's basket size",
            },
        ),
        migrations.CreateModel(
            name="RetailerCategoryDay",
            fields=[
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer",
                        "day",
                        "category",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("day", models.DateField()),
                ("category", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "verbose_name": "day of a retailer's category",
            },
        ),
        migrations.CreateModel(
            name="RetailerHour",
            fields=[
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("refunds", models.IntegerField()),
                ("voids", models.IntegerField()),
                ("gross", models.BigIntegerField()),
                ("refunded", models.BigIntegerField()),
                ("voided", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
                (
                    "discounts",
                    models.BigIntegerField(help_text="What was taken off in sales: of lines, and of whole receipts."),
                ),
                ("discounted", models.IntegerField(help_text="Sales with a discount.")),
                ("lines", models.IntegerField(help_text="Item lines in sales.")),
                ("offline", models.IntegerField(help_text="Records made while the network was away.")),
                ("late", models.IntegerField(help_text="Records that came late (receipts.receipt.LATE_AFTER).")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer",
                        "day",
                        "hour",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("day", models.DateField()),
                ("hour", models.SmallIntegerField()),
            ],
            options={
                "verbose_name": "hour of a retailer",
            },
        ),
        migrations.CreateModel(
            name="RetailerPaymentDay",
            fields=[
                ("method", models.CharField(max_length=8)),
                ("currency", models.CharField(max_length=3)),
                ("payments", models.IntegerField()),
                ("amount", models.BigIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer",
                        "day",
                        "method",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "day of a retailer's payment method",
            },
        ),
        migrations.CreateModel(
            name="RetailerProductDay",
            fields=[
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer",
                        "day",
                        "product",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("day", models.DateField()),
                ("product", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "day of a retailer's product",
            },
        ),
        migrations.CreateModel(
            name="RetailerProductMonth",
            fields=[
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer",
                        "month",
                        "product",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("month", models.DateField()),
                ("product", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "month of a retailer's product",
            },
        ),
        migrations.CreateModel(
            name="RetailerTaxDay",
            fields=[
                ("code", models.CharField(max_length=8)),
                ("rate", models.CharField(blank=True, max_length=20)),
                ("currency", models.CharField(max_length=3)),
                ("net", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer",
                        "day",
                        "code",
                        "rate",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "day of a retailer's tax",
            },
        ),
        migrations.CreateModel(
            name="StoreDay",
            fields=[
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("refunds", models.IntegerField()),
                ("voids", models.IntegerField()),
                ("gross", models.BigIntegerField()),
                ("refunded", models.BigIntegerField()),
                ("voided", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
                (
                    "discounts",
                    models.BigIntegerField(help_text="What was taken off in sales: of lines, and of whole receipts."),
                ),
                ("discounted", models.IntegerField(help_text="Sales with a discount.")),
                ("lines", models.IntegerField(help_text="Item lines in sales.")),
                ("offline", models.IntegerField(help_text="Records made while the network was away.")),
                ("late", models.IntegerField(help_text="Records that came late (receipts.receipt.LATE_AFTER).")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store", "day", "currency", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("store", models.IntegerField()),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "day of a store",
            },
        ),
    ]
