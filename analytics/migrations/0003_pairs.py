"""What is bought together, by retailer and by store."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0002_peers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pair",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("number", models.SmallIntegerField(help_text="Within the retailer, only until the next count.")),
                ("is_category", models.BooleanField()),
                ("first", models.BigIntegerField(help_text="A product's id; 0 for a category.")),
                ("second", models.BigIntegerField()),
                ("first_name", models.CharField(max_length=260)),
                ("second_name", models.CharField(max_length=260)),
                ("together", models.IntegerField(help_text="Sales with both.")),
                ("with_first", models.IntegerField()),
                ("with_second", models.IntegerField()),
            ],
            options={
                "verbose_name": "pair",
            },
        ),
        migrations.CreateModel(
            name="PairRun",
            fields=[
                ("retailer", models.IntegerField(primary_key=True, serialize=False)),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("baskets", models.IntegerField(help_text="Sales of these days.")),
                (
                    "stores",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), help_text="Those that sold something.", size=None
                    ),
                ),
                ("products", models.IntegerField(help_text="Products that were looked at.")),
                ("categories", models.IntegerField(help_text="Categories that were looked at.")),
                ("counted_at", models.DateTimeField()),
                ("took_ms", models.IntegerField()),
            ],
            options={
                "verbose_name": "count of pairs",
            },
        ),
        migrations.CreateModel(
            name="PairStore",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer", "store", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("store", models.IntegerField()),
                ("number", models.SmallIntegerField()),
                ("together", models.IntegerField()),
                ("with_first", models.IntegerField()),
                ("with_second", models.IntegerField()),
                ("baskets", models.IntegerField(help_text="Sales of the store.")),
            ],
            options={
                "verbose_name": "pair in a store",
            },
        ),
    ]
