"""The registry: retailers, their stores, their terminals. PostgreSQL has the truth, the capture store a copy of it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Mod

from possys.codes import TERMINAL_MAX
from transactions.outages import Outage, OutageStep  # noqa: F401 - Django looks for models here
from transactions.stream import SHARD_COUNT

# The ledger keeps a store in a 32-bit signed column.
ID_MAX = 2**31 - 1
# Version numbers are 16 bits in a terminal's state.
KEY_VERSION_MAX = 2**16 - 1


class Retailer(models.Model):
    """A taxpayer."""

    name = models.CharField(max_length=120)
    tax_id = models.CharField("tax id", max_length=40, unique=True)
    gateway_version = models.PositiveIntegerField(
        "gateway key version", default=1, help_text="Tokens of the retailer's gateways hold this version."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=Q(id__gte=1, id__lte=ID_MAX), name="retailer_id_fits_the_record"),
            models.CheckConstraint(
                condition=Q(gateway_version__lte=KEY_VERSION_MAX), name="retailer_gateway_version_fits_the_token"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Store(models.Model):
    """One of a retailer's premises; all its terminals lie in one shard."""

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="stores")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=240, blank=True)
    shard = models.PositiveSmallIntegerField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=Q(id__gte=1, id__lte=ID_MAX), name="store_id_fits_the_record"),
            models.CheckConstraint(condition=Q(shard__lt=SHARD_COUNT), name="store_shard_exists"),
        )

    def __str__(self) -> str:
        return self.name


class Terminal(models.Model):
    """One till. Its number decides its shard for ever."""

    class Status(models.TextChoices):
        ACTIVE = "active", "active"
        SUSPENDED = "suspended", "suspended"

    number = models.BigIntegerField(primary_key=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="terminals")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    key_version = models.PositiveIntegerField(default=1, help_text="The terminal's token holds this version.")
    enrolled_at = models.DateTimeField(auto_now_add=True)
    is_loaded = models.BooleanField(
        "in the capture store", default=False, editable=False, help_text="Whether the store knows the latest change."
    )

    class Meta:
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=TERMINAL_MAX), name="terminal_is_27_bits"),
            models.CheckConstraint(
                condition=Q(key_version__lte=KEY_VERSION_MAX), name="terminal_key_version_fits_the_token"
            ),
        )
        indexes = (
            models.Index(Mod(F("number"), SHARD_COUNT), "number", name="terminal_by_shard"),
            models.Index(fields=("number",), condition=Q(is_loaded=False), name="terminal_not_loaded"),
        )

    def __str__(self) -> str:
        return str(self.number)


class CodeKeyRecord(models.Model):
    """A receipt-code key that was put to use, by its fingerprint: the table of keys only grows."""

    environment = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField()
    first_day = models.DateField()
    fingerprint = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("environment", "version"), name="one_key_a_version"),)

    def __str__(self) -> str:
        return f"key {self.version} from {self.first_day}"


class Deployment(models.Model):
    """What must never change after the first sale; one row."""

    shard_count = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="one_deployment"),)

    def __str__(self) -> str:
        return f"{self.shard_count} shards"
