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
# No customer asks for as many copies of one receipt; a till that prints more is broken.
COPIES_MAX = 999
PUBLIC_KEY_BYTES = 32
DIGEST_BYTES = 32
# The lives of what has no credential that could get lost.
PREMISES_LIVES = ("active", "suspended", "retired")


class Life(models.TextChoices):
    """Where a retailer, a store or a terminal is in its life; which step may follow which is in `life.py`."""

    ENROLLED = "enrolled", "enrolled"
    TESTING = "testing", "testing"
    ACTIVE = "active", "active"
    SUSPENDED = "suspended", "suspended"
    LOST = "lost", "lost"
    RETIRED = "retired", "retired"


class Retailer(models.Model):
    """A taxpayer."""

    name = models.CharField(max_length=120)
    tax_id = models.CharField("tax id", max_length=40, unique=True)
    status = models.CharField(max_length=10, choices=Life, default=Life.ACTIVE, editable=False)
    gateway_version = models.PositiveIntegerField(
        "gateway key version", default=1, help_text="Tokens of the retailer's gateways hold this version."
    )
    gateway_overlap_until = models.DateTimeField(
        "old gateway token until", null=True, editable=False, help_text="Until then the version before works, too."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        # The orders of the staff's lists; migration 0006 adds those by which names are searched.
        indexes = (
            models.Index(fields=("name", "id"), name="retailer_by_name"),
            models.Index(fields=("status", "name", "id"), name="retailer_by_status"),
            models.Index(fields=("created_at", "id"), name="retailer_by_age"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(id__gte=1, id__lte=ID_MAX), name="retailer_id_fits_the_record"),
            models.CheckConstraint(
                condition=Q(gateway_version__lte=KEY_VERSION_MAX), name="retailer_gateway_version_fits_the_token"
            ),
            models.CheckConstraint(condition=Q(status__in=PREMISES_LIVES), name="retailer_status_is_known"),
        )

    def __str__(self) -> str:
        return self.name


class Store(models.Model):
    """One of a retailer's premises; all its terminals lie in one shard."""

    class Kind(models.TextChoices):
        """What the premises are: where an inspector would find the till."""

        FIXED = "fixed", "shop"
        MOBILE = "mobile", "mobile"
        VENDING = "vending", "vending machine"
        ONLINE = "online", "online"

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="stores", db_index=False)
    reference = models.CharField(max_length=40, blank=True, help_text="The retailer's own number of the store.")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=240, blank=True)
    place = models.CharField(max_length=120, blank=True, help_text="The town or municipality.")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FIXED)
    status = models.CharField(max_length=10, choices=Life, default=Life.ACTIVE, editable=False)
    shard = models.PositiveSmallIntegerField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        # As the retailers'; the first stands in for the key's own index.
        indexes = (
            models.Index(fields=("retailer", "name", "id"), name="store_by_retailer"),
            # A retailer's terminals are listed store by store.
            models.Index(fields=("retailer", "id"), name="store_of_retailer"),
            models.Index(fields=("name", "id"), name="store_by_name"),
            models.Index(fields=("status", "name", "id"), name="store_by_status"),
            models.Index(fields=("kind", "name", "id"), name="store_by_kind"),
            models.Index(fields=("created_at", "id"), name="store_by_age"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(id__gte=1, id__lte=ID_MAX), name="store_id_fits_the_record"),
            models.CheckConstraint(condition=Q(shard__lt=SHARD_COUNT), name="store_shard_exists"),
            models.CheckConstraint(condition=Q(status__in=PREMISES_LIVES), name="store_status_is_known"),
            models.UniqueConstraint(
                fields=("retailer", "reference"), condition=~Q(reference=""), name="one_store_a_reference"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Terminal(models.Model):
    """One till. Its number decides its shard for ever."""

    number = models.BigIntegerField(primary_key=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="terminals", db_index=False)
    label = models.CharField(max_length=40, blank=True, help_text="The retailer's own name or the serial number.")
    status = models.CharField(max_length=10, choices=Life, default=Life.ACTIVE)
    key_version = models.PositiveIntegerField(default=1, help_text="The terminal's token holds this version.")
    signing_key = models.PositiveIntegerField(
        default=0, help_text="The number of the key that signs its sales; 0: it has none, and signs nothing."
    )
    overlap_until = models.DateTimeField(
        "old credential until", null=True, help_text="Until then the token and the key before work, too."
    )
    expires_on = models.DateField("token expires on", null=True, help_text="The last day of the newest token.")
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
            models.CheckConstraint(
                condition=Q(signing_key__lte=KEY_VERSION_MAX), name="terminal_signing_key_fits_the_state"
            ),
            models.CheckConstraint(condition=Q(status__in=Life.values), name="terminal_status_is_known"),
        )
        indexes = (
            models.Index(Mod(F("number"), SHARD_COUNT), "number", name="terminal_by_shard"),
            models.Index(fields=("number",), condition=Q(is_loaded=False), name="terminal_not_loaded"),
            # In the place of the key's own index.
            models.Index(fields=("store", "number"), name="terminal_by_store"),
            models.Index(fields=("status", "number"), name="terminal_by_status"),
        )

    def __str__(self) -> str:
        return str(self.number)


class TerminalKey(models.Model):
    """The public half of a key that a terminal signs with; rows are added only: old signatures stay checkable."""

    terminal = models.ForeignKey(Terminal, on_delete=models.PROTECT, related_name="keys")
    number = models.PositiveIntegerField()
    public_key = models.BinaryField(max_length=PUBLIC_KEY_BYTES)
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("terminal", "number")
        constraints = (
            models.UniqueConstraint(fields=("terminal", "number"), name="one_key_a_number"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=KEY_VERSION_MAX), name="key_number_fits_the_state"
            ),
        )

    def __str__(self) -> str:
        return f"key {self.number} of terminal {self.terminal_id}"


class EnrolmentCode(models.Model):
    """A code that a till exchanges once for its credential; only its hash is kept."""

    terminal = models.ForeignKey(Terminal, on_delete=models.PROTECT, related_name="enrolment_codes")
    sha256 = models.BinaryField(max_length=DIGEST_BYTES, unique=True)
    activates = models.BooleanField(default=True, help_text="Whether the till may sell at once, or only test.")
    made_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    request_sha256 = models.BinaryField(
        max_length=DIGEST_BYTES, null=True, help_text="Of the request that used it, which may ask again."
    )

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"enrolment code of terminal {self.terminal_id}"


class CredentialIssue(models.Model):
    """Which request got which credential: the same request again gets the same answer. Rows are added only.

    The credential itself is not here: a token follows from terminal, version and last day.
    """

    terminal = models.ForeignKey(Terminal, on_delete=models.PROTECT, related_name="credential_issues")
    request_sha256 = models.BinaryField(max_length=DIGEST_BYTES)
    key_version = models.PositiveIntegerField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("terminal", "request_sha256"), name="one_credential_a_request"),)

    def __str__(self) -> str:
        return f"token version {self.key_version} of terminal {self.terminal_id}"


class RegistryStep(models.Model):
    """One step in the life of a retailer, store or terminal: who did what, when and why. Rows are added only."""

    class Kind(models.TextChoices):
        CREATED = "created", "created"
        STATUS = "status", "status"
        CHANGED = "changed", "changed"
        CODE = "code", "enrolment code"
        CREDENTIAL = "credential", "credential"
        KEY = "key", "signing key"

    at = models.DateTimeField(auto_now_add=True)
    # Numbers, not foreign keys: millions of terminals are enrolled in one go, and none of these is ever deleted.
    retailer = models.IntegerField()
    store = models.IntegerField(null=True)
    terminal = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind)
    before = models.CharField(max_length=120, blank=True)
    after = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=240, blank=True)
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("terminal", "-id"), condition=Q(terminal__isnull=False), name="step_by_terminal"),
            models.Index(
                fields=("store", "-id"), condition=Q(terminal__isnull=True, store__isnull=False), name="step_by_store"
            ),
            models.Index(fields=("retailer", "-id"), condition=Q(store__isnull=True), name="step_by_retailer"),
            models.Index(fields=("kind", "-id"), name="step_by_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.before} → {self.after}"


class ReceiptCopy(models.Model):
    """A copy of a receipt that a till printed; rows are added only. `request` is the till's own word for it."""

    # The sale's identity and day, as the ledger has them (ledger/models.py).
    original = models.BigIntegerField()
    issued_on = models.DateField()
    number = models.PositiveSmallIntegerField()
    request = models.CharField(max_length=64)
    # The till that printed it; none where a gateway said so.
    terminal = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "receipt copies"
        constraints = (
            models.UniqueConstraint(fields=("original", "issued_on", "number"), name="one_copy_a_number"),
            models.UniqueConstraint(fields=("original", "issued_on", "request"), name="one_copy_a_request"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=COPIES_MAX), name="copies_are_bounded"),
        )

    def __str__(self) -> str:
        return f"copy {self.number}"


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
