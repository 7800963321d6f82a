"""The table of retailers' API keys."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from possys.accounts.models import User

if TYPE_CHECKING:
    from portal.models import Membership

# What a person calls a program: "ERP in Brno", "price tags".
NAME_LENGTH_MAX = 60
# SHA-256.
HASH_BYTES = 32


class ApiKey(models.Model):
    """Lets a program act as one member of a retailer (portal/keys/tokens.py). It is revoked, never deleted."""

    membership: "models.ForeignKey[Membership, Membership]" = models.ForeignKey(
        "portal.Membership", on_delete=models.PROTECT, related_name="api_keys"
    )
    name = models.CharField(max_length=NAME_LENGTH_MAX)
    secret_hash = models.BinaryField(max_length=HASH_BYTES, editable=False)
    created_at = models.DateTimeField()
    last_used_on = models.DateField(null=True, help_text="Written at the first use of a day (UTC).")
    expires_on = models.DateField(help_text="The last day (UTC) on which it opens anything.")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "portal_api_key"
        verbose_name = "API key"
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_key_is_revoked_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return self.name
