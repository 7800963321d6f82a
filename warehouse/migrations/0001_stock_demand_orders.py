"""Stock, demand and orders; movements of goods are only ever added."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Rows are added and never changed.
INSERT_ONLY = ("warehouse_document", "warehouse_movement")
REFUSE = """
CREATE FUNCTION public.warehouse_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'movements of goods are only added to: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'A mistake is put right by a document that reverses it.';
END
$$;
""" + "".join(
    f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.{table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION public.warehouse_refuse_change();\n"
    for table in INSERT_ONLY
)
DROP_REFUSE = (
    "".join(f"DROP TRIGGER refuse_change ON public.{table};\n" for table in INSERT_ONLY)
    + "DROP FUNCTION public.warehouse_refuse_change();"
)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("transactions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CostStep",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store", "product", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("store", models.IntegerField()),
                ("product", models.BigIntegerField()),
                ("day", models.DateField()),
                ("average", models.BigIntegerField(help_text="In ten-thousandths of a minor unit.")),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "verbose_name": "average cost",
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
            name="ProductClass",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retailer", "store", "product", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("store", models.IntegerField()),
                ("product", models.BigIntegerField()),
                ("abc", models.CharField(max_length=1)),
                ("xyz", models.CharField(max_length=1)),
                ("revenue", models.BigIntegerField(help_text="Net, of the days that were looked at.")),
                ("currency", models.CharField(max_length=3)),
                ("variation", models.FloatField(help_text="Coefficient of variation of the weeks.", null=True)),
                ("counted_on", models.DateField()),
            ],
            options={
                "verbose_name_plural": "product classes",
            },
        ),
        migrations.CreateModel(
            name="SoldDay",
            fields=[
                ("store", models.IntegerField()),
                ("product", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField(help_text="As printed.")),
                ("net", models.BigIntegerField(help_text="Without tax.")),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "product",
                        "day",
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
                "verbose_name": "sold on a day",
            },
        ),
        migrations.CreateModel(
            name="SoldMonth",
            fields=[
                ("store", models.IntegerField()),
                ("product", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("quantity", models.BigIntegerField(help_text="In ten-thousandths.")),
                ("amount", models.BigIntegerField(help_text="As printed.")),
                ("net", models.BigIntegerField(help_text="Without tax.")),
                ("discounts", models.BigIntegerField()),
                ("baskets", models.IntegerField(help_text="Sales that hold it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "product",
                        "month",
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
                "verbose_name": "sold in a month",
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("delivery", "Delivery"),
                            ("count", "Count"),
                            ("move", "Move to another store"),
                            ("write_off", "Write-off"),
                            ("return", "Return to the supplier"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=9,
                    ),
                ),
                ("day", models.DateField()),
                (
                    "moment",
                    models.CharField(
                        blank=True,
                        choices=[("before", "Before opening"), ("after", "After closing")],
                        help_text="Of a count.",
                        max_length=6,
                    ),
                ),
                ("reference", models.CharField(blank=True, help_text="The number on the paper.", max_length=60)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("spoiled", "Spoiled or expired"),
                            ("broken", "Broken"),
                            ("stolen", "Stolen or missing"),
                            ("own_use", "Own use"),
                            ("other", "Other"),
                        ],
                        max_length=8,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("currency", models.CharField(blank=True, help_text="Of its costs.", max_length=3)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="warehouse.document",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.store"
                    ),
                ),
                (
                    "to_store",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="transactions.store",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store", "product", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("store", models.IntegerField()),
                ("product", models.BigIntegerField()),
                ("retailer", models.IntegerField()),
                ("cutoff", models.DateField()),
                ("mean", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                (
                    "low",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), help_text="Of an 80 % interval.", size=None
                    ),
                ),
                ("high", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ("dispersion", models.FloatField(help_text="Variance of a day = mean + dispersion x mean squared.")),
            ],
            options={
                "indexes": [models.Index(fields=["retailer", "cutoff"], name="forecasts_of_a_run")],
            },
        ),
        migrations.CreateModel(
            name="ForecastRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cutoff", models.DateField(help_text="The last day that it knows.")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=7,
                    ),
                ),
                ("stores_total", models.IntegerField()),
                ("stores_done", models.IntegerField(default=0)),
                ("last_store", models.IntegerField(null=True)),
                ("series", models.IntegerField(default=0, help_text="Products in stores that have a forecast.")),
                ("started_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
            ],
            options={
                "ordering": ("-cutoff", "-id"),
            },
        ),
        migrations.CreateModel(
            name="ForecastScore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("store", models.IntegerField()),
                ("classes", models.CharField(help_text="ABC and XYZ.", max_length=2)),
                ("horizon_days", models.PositiveSmallIntegerField()),
                ("series", models.IntegerField()),
                ("actual", models.FloatField(help_text="Sum of what was sold.")),
                ("error", models.FloatField(help_text="Sum of absolute errors by day.")),
                ("naive_error", models.FloatField()),
                ("bias", models.FloatField(help_text="Sum of forecast - sold.")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scores", to="warehouse.forecastrun"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Movement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("delivery", "Delivery"),
                            ("count", "Count"),
                            ("move", "Move to another store"),
                            ("write_off", "Write-off"),
                            ("return", "Return to the supplier"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=9,
                    ),
                ),
                ("product", models.BigIntegerField()),
                ("day", models.DateField()),
                ("moment", models.CharField(blank=True, max_length=6)),
                ("quantity", models.BigIntegerField()),
                ("unit_cost", models.BigIntegerField(help_text="In ten-thousandths of a minor unit.", null=True)),
                ("lot", models.CharField(blank=True, max_length=40)),
                ("expires_on", models.DateField(null=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="movements", to="warehouse.document"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.store"
                    ),
                ),
            ],
            options={
                "ordering": ("document", "position"),
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("sent", "Sent"), ("received", "Received"), ("cancelled", "Cancelled")],
                        default="sent",
                        max_length=9,
                    ),
                ),
                ("sent_on", models.DateField()),
                ("expected_on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.store"
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product", models.BigIntegerField()),
                ("quantity", models.BigIntegerField()),
                ("received", models.BigIntegerField(default=0)),
                ("unit_cost", models.BigIntegerField(help_text="In ten-thousandths of a minor unit.", null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="warehouse.order"
                    ),
                ),
            ],
            options={
                "verbose_name": "line of an order",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("product", models.BigIntegerField(blank=True, null=True)),
                ("category", models.CharField(blank=True, max_length=60)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("discount_percent", models.PositiveSmallIntegerField()),
                ("made_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="transactions.store",
                    ),
                ),
            ],
            options={
                "ordering": ("-first_day", "name"),
            },
        ),
        migrations.CreateModel(
            name="Supplier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("lead_days", models.PositiveSmallIntegerField(default=2, help_text="From the order to the delivery.")),
                ("review_days", models.PositiveSmallIntegerField(default=7, help_text="From one order to the next.")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.AddField(
            model_name="order",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="warehouse.supplier"
            ),
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product", models.BigIntegerField()),
                ("key", models.CharField(max_length=124)),
                ("name", models.CharField(blank=True, help_text="For what was not sold yet.", max_length=120)),
                ("pack", models.BigIntegerField(default=10000, help_text="Units in a pack, in ten-thousandths.")),
                ("order_minimum", models.BigIntegerField(default=0, help_text="Units, in ten-thousandths.")),
                (
                    "shelf_minimum",
                    models.BigIntegerField(default=0, help_text="What should always be there; in ten-thousandths."),
                ),
                (
                    "lead_days",
                    models.PositiveSmallIntegerField(blank=True, help_text="Else the supplier's.", null=True),
                ),
                ("is_tracked", models.BooleanField(default=True, verbose_name="stock is kept")),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="warehouse.supplier",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.AddField(
            model_name="document",
            name="supplier",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="warehouse.supplier"
            ),
        ),
        migrations.AddConstraint(
            model_name="forecastrun",
            constraint=models.UniqueConstraint(fields=("retailer", "cutoff"), name="one_forecast_run_a_day"),
        ),
        migrations.AddConstraint(
            model_name="forecastscore",
            constraint=models.UniqueConstraint(
                fields=("run", "store", "classes", "horizon_days"), name="forecasts_are_scored_once"
            ),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(fields=["store", "product", "day"], name="movements_of_a_product"),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                condition=models.Q(("expires_on__isnull", False)),
                fields=["store", "expires_on"],
                name="movements_that_expire",
            ),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=models.UniqueConstraint(fields=("document", "position"), name="movements_are_numbered"),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("kind", "count"), _negated=True), ("quantity__gte", 0), _connector="OR"),
                name="counts_are_not_negative",
            ),
        ),
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(
                models.F("product"), condition=models.Q(("received__lt", models.F("quantity"))), name="open_order_lines"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "product"), name="a_product_is_ordered_once"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1), ("received__gte", 0)), name="order_quantities_fit"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_day__gte", models.F("first_day"))), name="promotion_days_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount_percent__gte", 1), ("discount_percent__lte", 100)),
                name="promotion_takes_something_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("category", ""), ("product__isnull", False)),
                    models.Q(("product__isnull", True), models.Q(("category", ""), _negated=True)),
                    _connector="OR",
                ),
                name="promotion_is_of_a_product_or_a_category",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplier",
            constraint=models.UniqueConstraint(fields=("retailer", "name"), name="supplier_names_differ"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["store", "state"], name="orders_of_a_store"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(fields=("retailer", "product"), name="one_item_a_product"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(("order_minimum__gte", 0), ("pack__gte", 1), ("shelf_minimum__gte", 0)),
                name="item_quantities_fit",
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["retailer", "-id"], name="documents_of_a_retailer"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "count"), ("moment__in", ("before", "after"))),
                    models.Q(models.Q(("kind", "count"), _negated=True), ("moment", "")),
                    _connector="OR",
                ),
                name="a_count_has_its_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reversal"), ("reverses__isnull", False)),
                    models.Q(models.Q(("kind", "reversal"), _negated=True), ("reverses__isnull", True)),
                    _connector="OR",
                ),
                name="only_reversals_name_a_document",
            ),
        ),
        migrations.RunSQL(REFUSE, DROP_REFUSE),
    ]
