"""Who belongs to which retailer, and every change of that."""

from django.db import models
from django.db.models import Q

from portal.keys.models import ApiKey
from portal.rights import Role
from possys.accounts.models import User
from transactions.models import Retailer, Store

__all__ = ["ApiKey", "Membership", "MembershipChange", "RetailerRule"]

# Two roles, each with the names of five stores (portal/operations.py).
DETAIL_MAX = 1400


class RetailerRule(models.Model):
    """What a retailer's owners have decided for everybody who gets in there; without a row nothing."""

    retailer = models.OneToOneField(Retailer, on_delete=models.PROTECT, related_name="rule", primary_key=True)
    needs_second_factor = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"the rule of {self.retailer}"


class Membership(models.Model):
    """One person at one retailer. It is made inactive, never deleted, so that changes stay understandable."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", verbose_name="person")
    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    stores = models.ManyToManyField(
        Store, blank=True, related_name="managers", help_text="Of a store manager, who sees nothing else."
    )
    is_active = models.BooleanField("active", default=True, help_text="Without the tick the person is kept out.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("user__email", "user__username")
        constraints = (
            models.UniqueConstraint(fields=("user", "retailer"), name="one_membership_a_person_and_retailer"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_is_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} at {self.retailer}"


class MembershipChange(models.Model):
    """One change of somebody's access, or their programs': whose, by whom, when, what. Rows are only added."""

    class Kind(models.TextChoices):
        GIVEN = "given", "given"
        CHANGED = "changed", "changed"
        REMOVED = "removed", "removed"
        # A member's programs get in, and no longer.
        KEY_MADE = "key-made", "API key made"
        KEY_REVOKED = "key-ended", "API key revoked"
        # What holds for everybody, kept at the member who decided it.
        FACTOR_DEMANDED = "factor-on", "second factor demanded of everybody"
        FACTOR_LEFT_FREE = "factor-off", "second factor left to everybody"

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind)
    detail = models.CharField(max_length=DETAIL_MAX, help_text="The role, with a store manager's stores; or the key.")
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_by_staff = models.BooleanField("by staff", default=False)
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-changed_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    kind__in=(
                        "given",
                        "changed",
                        "removed",
                        "key-made",
                        "key-ended",
                        "factor-on",
                        "factor-off",
                    )
                ),
                name="membership_change_kind_is_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.membership}: {self.kind}, {self.detail}"
