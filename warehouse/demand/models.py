"""Demand: planned promotions, forecasts with the runs that made them, and products' classes."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from transactions.models import Retailer, Store

# Days that a forecast looks ahead.
HORIZON_DAYS = 28


class Promotion(models.Model):
    """A planned price cut of a product, or of a category, in one store or all."""

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    product = models.BigIntegerField(null=True, blank=True)
    category = models.CharField(max_length=60, blank=True)
    first_day = models.DateField()
    last_day = models.DateField()
    discount_percent = models.PositiveSmallIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-first_day", "name")
        constraints = (
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="promotion_days_in_order"),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=1, discount_percent__lte=100), name="promotion_takes_something_off"
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, category="") | (Q(product__isnull=True) & ~Q(category="")),
                name="promotion_is_of_a_product_or_a_category",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ForecastRun(models.Model):
    """One night's forecasts of a retailer, store by store; `last_store` is where it goes on."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    cutoff = models.DateField(help_text="The last day that it knows.")
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    stores_total = models.IntegerField()
    stores_done = models.IntegerField(default=0)
    last_store = models.IntegerField(null=True)
    series = models.IntegerField(default=0, help_text="Products in stores that have a forecast.")
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    is_trained = models.BooleanField(default=False, help_text="By trees; else by means, as little is known yet.")
    effects = models.JSONField(
        default=dict, help_text="Of discounts, by category; of all together under an empty name."
    )

    class Meta:
        ordering = ("-cutoff", "-id")
        constraints = (models.UniqueConstraint(fields=("retailer", "cutoff"), name="one_forecast_run_a_day"),)

    def __str__(self) -> str:
        return f"retailer {self.retailer_id}, {self.cutoff}"


class ForecastModel(models.Model):
    """What a run learnt before its first store, so that it goes on with the same; deleted when it is done."""

    run = models.OneToOneField(ForecastRun, on_delete=models.CASCADE, related_name="learnt")
    text = models.TextField()

    def __str__(self) -> str:
        return f"learnt for run {self.run_id}"


class Forecast(models.Model):
    """What will be sold of a product in a store: whole units a day for HORIZON_DAYS days behind the cut-off."""

    pk = models.CompositePrimaryKey("store", "product")
    store = models.IntegerField()
    product = models.BigIntegerField()
    retailer = models.IntegerField()
    cutoff = models.DateField()
    mean = ArrayField(models.FloatField())
    low = ArrayField(models.FloatField(), help_text="Of an 80 % interval.")
    high = ArrayField(models.FloatField())
    dispersion = models.FloatField(
        help_text="Variance of a day = mean + dispersion x mean squared, so that a week's days add up to its variance."
    )
    unit = models.FloatField(default=1.0, help_text="How many are bought at once.")
    total_dispersion = models.FloatField(
        default=0.0, help_text="Variance of any days' total = unit x mean + this x mean squared."
    )

    class Meta:
        indexes = (models.Index(fields=("retailer", "cutoff"), name="forecasts_of_a_run"),)

    def __str__(self) -> str:
        return f"product {self.product} in store {self.store}"


class PastForecast(models.Model):
    """A forecast as it was made, kept once a week until its days are known and it is scored."""

    pk = models.CompositePrimaryKey("store", "cutoff", "product")
    store = models.IntegerField()
    cutoff = models.DateField()
    product = models.BigIntegerField()
    mean = ArrayField(models.FloatField())
    unit = models.FloatField()
    total_dispersion = models.FloatField()

    def __str__(self) -> str:
        return f"product {self.product} in store {self.store} from {self.cutoff}"


class ForecastScore(models.Model):
    """How good a run's forecasts were, once their days were known, beside seasonal-naive ones; sums, to be divided."""

    run = models.ForeignKey(ForecastRun, on_delete=models.CASCADE, related_name="scores")
    store = models.IntegerField()
    classes = models.CharField(max_length=2, help_text="ABC and XYZ.")
    horizon_days = models.PositiveSmallIntegerField()
    series = models.IntegerField()
    actual = models.FloatField(help_text="Sum of what was sold.")
    error = models.FloatField(help_text="Sum of absolute errors by day.")
    naive_error = models.FloatField()
    bias = models.FloatField(help_text="Sum of forecast - sold.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("run", "store", "classes", "horizon_days"), name="forecasts_are_scored_once"
            ),
        )

    def __str__(self) -> str:
        return f"run {self.run_id}, store {self.store}, {self.classes}"


class ProductClass(models.Model):
    """How much a product brings (A, B, C) and how evenly it is sold (X, Y, Z); store 0 is the whole retailer."""

    pk = models.CompositePrimaryKey("retailer", "store", "product")
    retailer = models.IntegerField()
    store = models.IntegerField()
    product = models.BigIntegerField()
    abc = models.CharField(max_length=1)
    xyz = models.CharField(max_length=1)
    revenue = models.BigIntegerField(help_text="Net, of the days that were looked at.")
    currency = models.CharField(max_length=3)
    variation = models.FloatField(null=True, help_text="Coefficient of variation of the weeks.")
    counted_on = models.DateField()

    class Meta:
        verbose_name_plural = "product classes"

    def __str__(self) -> str:
        return f"product {self.product}: {self.abc}{self.xyz}"
