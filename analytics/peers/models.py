"""Which stores are compared with each other, and what is told of them; written by analytics/peers/operations.py alone.

cohort     the stores of a term (eight weeks) with their kind; made once, from the eight weeks before, never changed
week       what was published of a cohort; once, never worked out again
figure     a store's own figure beside its peers'; a page reads the rows of its own stores only
"""

from django.db import models
from django.db.models import Q

KIND_LENGTH_MAX = 120
# At least so many others stand behind a published figure; the database holds it, too.
OTHERS_MIN = 20


class ChosenKind(models.Model):
    """What staff call a store; it stands in place of what its categories tell, from the next term on."""

    store = models.IntegerField(primary_key=True, help_text="The store's number.")
    name = models.CharField(max_length=60, help_text="Such as: pharmacy. Stores with the same words are compared.")
    chosen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "chosen kind of a store"
        verbose_name_plural = "chosen kinds of stores"
        constraints = (models.CheckConstraint(condition=~Q(name=""), name="a_chosen_kind_has_a_name"),)

    def __str__(self) -> str:
        return f"store {self.store}: {self.name}"


class CohortStore(models.Model):
    """A store's kind in a term, and how it was found."""

    pk = models.CompositePrimaryKey("term", "store")
    term = models.DateField(help_text="The term's first day, a Monday.")
    store = models.IntegerField()
    retailer = models.IntegerField()
    currency = models.CharField(max_length=3, help_text="The one that most of its sales are in.")
    kind = models.CharField(max_length=KIND_LENGTH_MAX)
    category = models.CharField(max_length=60, blank=True, help_text="The one with the largest revenue.")
    share = models.IntegerField(help_text="Of the category in the revenue of all, in hundredths of a per cent.")
    sales_per_week = models.IntegerField()
    is_chosen = models.BooleanField(help_text="Whether staff chose what it is.")

    class Meta:
        verbose_name = "store of a cohort"
        indexes = (models.Index(fields=("term", "kind", "currency"), name="cohort_stores_of_a_kind"),)

    def __str__(self) -> str:
        return f"store {self.store} from {self.term}: {self.kind}"


class PeerWeek(models.Model):
    """A week whose figures were published."""

    week = models.DateField(primary_key=True, help_text="Its Monday. The figures are of four weeks, this the last.")
    term = models.DateField()
    stores = models.IntegerField(help_text="Stores of the cohort.")
    published_at = models.DateTimeField()

    class Meta:
        verbose_name = "published week of peers"

    def __str__(self) -> str:
        return f"week from {self.week}"


class PeerFigure(models.Model):
    """A store's own figure beside its peers' quartiles, all rounded; no quartiles where too few make them up."""

    pk = models.CompositePrimaryKey("store", "week", "figure")
    store = models.IntegerField()
    week = models.DateField()
    figure = models.CharField(max_length=10, help_text="A key of analytics.peers.figures.FIGURES.")
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=KIND_LENGTH_MAX)
    own = models.BigIntegerField(null=True, help_text="None where nothing can be said, such as a change from nothing.")
    lower = models.BigIntegerField(null=True)
    median = models.BigIntegerField(null=True)
    upper = models.BigIntegerField(null=True)
    others_at_least = models.IntegerField(null=True, help_text="A round number; so many or more.")

    class Meta:
        verbose_name = "figure beside its peers'"
        constraints = (
            models.CheckConstraint(
                condition=Q(lower=None, median=None, upper=None, others_at_least=None)
                | Q(
                    lower__isnull=False,
                    median__isnull=False,
                    upper__isnull=False,
                    others_at_least__isnull=False,
                    others_at_least__gte=OTHERS_MIN,
                ),
                name="peers_are_enough_or_not_told",
            ),
        )

    def __str__(self) -> str:
        return f"{self.figure} of store {self.store}, week from {self.week}"
