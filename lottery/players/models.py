"""Players, and what proves that a phone number or an address is theirs. All of it is personal data, and deletable.

contact   in the player's row and nowhere else; found by a keyed hash of it, so that no index holds it in clear
deleted   the row goes with its messages and sightings; entries stay, without their player
"""

import uuid

from django.db import models
from django.db.models import Q

CONTACT_MAX = 254
LANGUAGE_MAX = 15
HASH_BYTES = 32
# As a till's programmer gets it from a barcode: `L` and 11 symbols of the receipt codes' alphabet.
TAG_LENGTH = 12
REASON_MAX = 500


class Kind(models.TextChoices):
    """What a contact is."""

    MAIL = "mail", "e-mail address"
    PHONE = "phone", "phone number"


class Player(models.Model):
    """Somebody who confirmed a contact; there is one player for each."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    contact = models.CharField(max_length=CONTACT_MAX)
    # HMAC-SHA256 of the contact in its normal form (lottery/players/contacts.py).
    contact_key = models.BinaryField(max_length=HASH_BYTES, unique=True)
    language = models.CharField(max_length=LANGUAGE_MAX)
    tag = models.CharField("lottery tag", max_length=TAG_LENGTH, unique=True)
    confirmed_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    # A reviewer's decision; entries of a barred player leave the draws that are not frozen.
    barred_at = models.DateTimeField(null=True)
    barred_reason = models.CharField(max_length=REASON_MAX, blank=True)

    class Meta:
        ordering = ("-confirmed_at",)
        permissions = (("bar_player", "Can bar players and let them in again"),)
        indexes = (models.Index(fields=("seen_at",), name="players_by_last_seen"),)

    def __str__(self) -> str:
        return f"player {str(self.pk)[:8]}"


class Confirmation(models.Model):
    """A contact that somebody typed, waiting for the code that was sent to it; the code itself is kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    contact = models.CharField(max_length=CONTACT_MAX)
    contact_key = models.BinaryField(max_length=HASH_BYTES)
    language = models.CharField(max_length=LANGUAGE_MAX)
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at",)
        indexes = (
            models.Index(fields=("contact_key", "asked_at"), name="confirmations_of_a_contact"),
            models.Index(fields=("asked_at",), name="confirmations_by_time"),
        )

    def __str__(self) -> str:
        return f"confirmation {str(self.pk)[:8]}"


class Sighting(models.Model):
    """A player on a device and in a network, once a day: keyed hashes that tell same from different, and no more."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="sightings")
    device = models.BinaryField(max_length=HASH_BYTES)
    network = models.BinaryField(max_length=HASH_BYTES)
    day = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("player", "device", "network", "day"), name="a_sighting_a_day"),)
        indexes = (
            models.Index(fields=("device",), name="sightings_of_a_device"),
            models.Index(fields=("network", "day"), name="sightings_in_a_network"),
            models.Index(fields=("day",), name="sightings_by_day"),
        )

    def __str__(self) -> str:
        return f"sighting of {self.player_id} on {self.day}"


class Barring(models.Model):
    """One decision of a reviewer on a player: barred, or let in again. Rows are added; they outlive the player."""

    player_key = models.UUIDField()
    is_barred = models.BooleanField()
    reason = models.CharField(max_length=REASON_MAX)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="a_barring_has_a_reason"),)

    def __str__(self) -> str:
        return f"{'barred' if self.is_barred else 'let in'}: {str(self.player_key)[:8]}"
