"""A case and what happened to it. What the customer wrote stays as it is, and events are only ever added: the database
refuses anything else (migration 0001_cases). The photo lies in a table of its own, so that lists stay narrow.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from possys.codes import CODE_LENGTH, GROUP_LENGTH
from receipts.cases.numbers import NUMBER_LENGTH

# A page of text; whoever has more to say adds a message.
TEXT_MAX = 2000
PLACE_MAX = 200
# "1 234 567,50 Kč, paid by card": an amount with a word beside it.
AMOUNT_MAX = 40
# The longest address that mail can have (RFC 5321).
CONTACT_MAX = 254
NUMBER_MAX = NUMBER_LENGTH + NUMBER_LENGTH // GROUP_LENGTH - 1
CODE_MAX = CODE_LENGTH + CODE_LENGTH // GROUP_LENGTH - 1


class Kind(models.TextChoices):
    """What is wrong."""

    AMOUNT = "amount", _("The amount is wrong")
    MISSING = "missing", _("My receipt is not found")
    NONE = "none", _("I was given no receipt")


class State(models.TextChoices):
    """How far a case is."""

    RECEIVED = "received", _("Received")
    LOOKED_AT = "looked-at", _("Being looked at")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


class Source(models.TextChoices):
    """Who opened it: a customer, or the site itself on seeing a genuine code without a sale."""

    CUSTOMER = "customer", _("customer")
    SYSTEM = "system", _("system")


class Case(models.Model):
    """One report. `bought_on` and `bought_at` are the day and time on the shop's clock, as the customer has them."""

    number = models.CharField(max_length=NUMBER_MAX, unique=True)
    # A case of the system's own has no page to follow it by.
    secret_hash = models.BinaryField(null=True, editable=False)
    source = models.CharField(max_length=10, choices=Source, default=Source.CUSTOMER)
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    code = models.CharField("receipt code", max_length=CODE_MAX, blank=True)
    what = models.TextField("what is wrong", max_length=TEXT_MAX)
    place = models.CharField("where", max_length=PLACE_MAX, blank=True)
    bought_on = models.DateField("day of purchase", null=True)
    bought_at = models.TimeField("time of purchase", null=True)
    amount = models.CharField(max_length=AMOUNT_MAX, blank=True)
    contact = models.EmailField("e-mail", max_length=CONTACT_MAX, blank=True)
    is_mail_wanted = models.BooleanField(default=False)
    mailed_at = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "customer's report"
        verbose_name_plural = "customers' reports"
        # What is still to be done first, and of that what has waited longest.
        ordering = (F("closed_at").desc(nulls_first=True), "created_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("code",),
                condition=Q(source=Source.SYSTEM) & ~Q(state=State.CLOSED),
                name="one_open_system_case_a_code",
            ),
            models.CheckConstraint(
                condition=Q(state=State.CLOSED, closed_at__isnull=False)
                | (~Q(state=State.CLOSED) & Q(closed_at__isnull=True)),
                name="case_closed_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(source=Source.SYSTEM, secret_hash__isnull=True)
                | Q(source=Source.CUSTOMER, secret_hash__isnull=False),
                name="case_of_a_customer_has_a_secret",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="case_kind_exists"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="case_state_exists"),
        )
        indexes = (
            models.Index(F("closed_at").desc(nulls_first=True), "created_at", "id", name="case_queue"),
            models.Index(fields=("code",), condition=~Q(code=""), name="case_by_code"),
        )

    def __str__(self) -> str:
        return self.number


class Photo(models.Model):
    """A case's picture: a JPEG that this system wrote itself, see photos.py."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True)
    content = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


class Event(models.Model):
    """Something that happened to a case; `by` is nobody when it was the customer."""

    class Sort(models.TextChoices):
        STATE = "state", _("state")
        ANSWER = "answer", _("answer")
        NOTE = "note", _("internal note")
        MESSAGE = "message", _("message of the customer")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    sort = models.CharField(max_length=10, choices=Sort)
    # The state that the case came into; else blank.
    state = models.CharField(max_length=10, choices=State, blank=True)
    text = models.TextField(max_length=TEXT_MAX, blank=True)

    class Meta:
        ordering = ("case", "pk")

    def __str__(self) -> str:
        return f"{self.sort} of {self.at:%Y-%m-%d}"
