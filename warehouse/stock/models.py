"""Stock: what was sold, as the feed adds it up, and what people say came in, went out and was counted.

fed         SoldDay, SoldMonth, Product: written by the consumer alone
insert-only Document, Movement: corrected by a further document that reverses one

Quantities are integers in ten-thousandths (transactions.decimals.QUANTITY_SCALE), costs of one whole unit in
ten-thousandths of a minor unit (COST_SCALE). `product` is the number that ledger/products.py works out of retailer and
key, the same that the dashboards use.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from transactions.models import Retailer, Store

# A screw costs a fraction of a cent; so does a kilogram of salt by the gram.
COST_SCALE = 10_000
NOTE_MAX = 200


class Sold(models.Model):
    """Sums of item lines; refunds and voids are in them with their sign."""

    store = models.IntegerField()
    product = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    quantity = models.BigIntegerField(help_text="In ten-thousandths.")
    amount = models.BigIntegerField(help_text="As printed.")
    net = models.BigIntegerField(help_text="Without tax.")
    discounts = models.BigIntegerField()
    baskets = models.IntegerField(help_text="Sales that hold it.")

    class Meta:
        abstract = True


class SoldDay(Sold):
    """A product in a store on a day, in the till's own calendar."""

    pk = models.CompositePrimaryKey("store", "product", "day", "currency")
    day = models.DateField()

    class Meta:
        verbose_name = "sold on a day"

    def __str__(self) -> str:
        return f"product {self.product} in store {self.store}, {self.day}"


class SoldMonth(Sold):
    """The same by month, `month` being its first day."""

    pk = models.CompositePrimaryKey("store", "product", "month", "currency")
    month = models.DateField()

    class Meta:
        verbose_name = "sold in a month"

    def __str__(self) -> str:
        return f"product {self.product} in store {self.store}, {self.month:%Y-%m}"


class Product(models.Model):
    """What a retailer sold, named as it was sold last."""

    pk = models.CompositePrimaryKey("retailer", "id")
    retailer = models.IntegerField()
    id = models.BigIntegerField()
    key = models.CharField(max_length=124, help_text="s:sku, g:gtin or n:name")
    name = models.CharField(max_length=120)
    category = models.CharField(max_length=60, blank=True)
    gtin = models.CharField(max_length=14, blank=True)
    named_on = models.DateField(help_text="The last day on which it was sold; of that day's names, the last by value.")

    def __str__(self) -> str:
        return self.name


class Supplier(models.Model):
    """Who delivers."""

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    lead_days = models.PositiveSmallIntegerField(default=2, help_text="From the order to the delivery.")
    review_days = models.PositiveSmallIntegerField(default=7, help_text="From one order to the next.")
    is_active = models.BooleanField("in use", default=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("retailer", "name"), name="supplier_names_differ"),)

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """What a retailer says of a product: of whom, in what packs, how little is too little."""

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    product = models.BigIntegerField()
    key = models.CharField(max_length=124)
    name = models.CharField(max_length=120, blank=True, help_text="For what was not sold yet.")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, null=True, blank=True, related_name="items")
    pack = models.BigIntegerField(default=10_000, help_text="Units in a pack, in ten-thousandths.")
    order_minimum = models.BigIntegerField(default=0, help_text="Units, in ten-thousandths.")
    shelf_minimum = models.BigIntegerField(default=0, help_text="What should always be there; in ten-thousandths.")
    lead_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Else the supplier's.")
    is_tracked = models.BooleanField("stock is kept", default=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("retailer", "product"), name="one_item_a_product"),
            models.CheckConstraint(
                condition=Q(pack__gte=1, order_minimum__gte=0, shelf_minimum__gte=0), name="item_quantities_fit"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key


class Document(models.Model):
    """A delivery, count, move, write-off or return to the supplier, as one paper."""

    class Kind(models.TextChoices):
        DELIVERY = "delivery", "Delivery"
        COUNT = "count", "Count"
        MOVE = "move", "Move to another store"
        WRITE_OFF = "write_off", "Write-off"
        RETURN = "return", "Return to the supplier"
        REVERSAL = "reversal", "Reversal"

    class Moment(models.TextChoices):
        BEFORE = "before", "Before opening"
        AFTER = "after", "After closing"

    class Reason(models.TextChoices):
        SPOILED = "spoiled", "Spoiled or expired"
        BROKEN = "broken", "Broken"
        STOLEN = "stolen", "Stolen or missing"
        OWN_USE = "own_use", "Own use"
        OTHER = "other", "Other"

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    to_store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    day = models.DateField()
    moment = models.CharField(max_length=6, choices=Moment, blank=True, help_text="Of a count.")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=60, blank=True, help_text="The number on the paper.")
    reason = models.CharField(max_length=8, choices=Reason, blank=True)
    note = models.CharField(max_length=NOTE_MAX, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="Of its costs.")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="count", moment__in=("before", "after")) | (~Q(kind="count") & Q(moment="")),
                name="a_count_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False) | (~Q(kind="reversal") & Q(reverses__isnull=True)),
                name="only_reversals_name_a_document",
            ),
        )
        indexes = (models.Index(fields=("retailer", "-id"), name="documents_of_a_retailer"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference or self.pk}"


class Movement(models.Model):
    """One product in a document: what came in is positive, what went out negative; a count's is what was there.

    `kind`, `store`, `day` and `moment` repeat the document's (a move has a row in each store), for the sums.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="movements")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=Document.Kind)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    product = models.BigIntegerField()
    day = models.DateField()
    moment = models.CharField(max_length=6, blank=True)
    quantity = models.BigIntegerField()
    unit_cost = models.BigIntegerField(null=True, help_text="In ten-thousandths of a minor unit.")
    lot = models.CharField(max_length=40, blank=True)
    expires_on = models.DateField(null=True)

    class Meta:
        ordering = ("document", "position")
        constraints = (
            models.UniqueConstraint(fields=("document", "position"), name="movements_are_numbered"),
            models.CheckConstraint(condition=~Q(kind="count") | Q(quantity__gte=0), name="counts_are_not_negative"),
        )
        indexes = (
            models.Index(fields=("store", "product", "day"), name="movements_of_a_product"),
            models.Index(
                fields=("store", "expires_on"), condition=Q(expires_on__isnull=False), name="movements_that_expire"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} of product {self.product}"


class CostStep(models.Model):
    """From which day on a unit of a product costs how much on average; recomputed, not entered."""

    pk = models.CompositePrimaryKey("store", "product", "day")
    store = models.IntegerField()
    product = models.BigIntegerField()
    day = models.DateField()
    average = models.BigIntegerField(help_text="In ten-thousandths of a minor unit.")
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = "average cost"

    def __str__(self) -> str:
        return f"product {self.product} in store {self.store} from {self.day}"
