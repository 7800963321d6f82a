"""What happens to players: somebody asks for a code, shows it, and is a player; where they were seen.

ask       ->  a confirmation and the message with its code, in one DB transaction
confirm   ->  the player of that contact, made if there was none
"""

import logging
import secrets
import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from lottery.messages.operations import send_code
from lottery.players.codes import CODE_VALID, TRIES_MAX, is_code
from lottery.players.contacts import Contact, keys_of, read_contact
from lottery.players.models import TAG_LENGTH, Confirmation, Player, Sighting
from possys.codes import ALPHABET

logger = logging.getLogger(__name__)

# Codes that anybody can have sent to a contact: a nuisance at worst.
CODES_PER_CONTACT_AN_HOUR = 5
HOUR = timedelta(hours=1)
TAG_START = "L"


class CodeRefusedError(ValueError):
    """The code is wrong, used, or too old; `left` tries are left."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} tries left")
        self.left = left


def ask(contact: Contact, language: str, now: datetime) -> Confirmation:
    """Somebody wants to sign in: writes a confirmation and the message with its code.

    No message when the contact has had its share: the page is the same, it must not tell which contacts are asked for.
    """
    keys = keys_of(contact)
    with transaction.atomic():
        # Two requests for one contact must not both count before either has written.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"lottery:{keys[0].hex()}"])
        asked = Confirmation.objects.filter(contact_key__in=keys, asked_at__gt=now - HOUR).count()
        confirmation = Confirmation.objects.create(
            kind=contact.kind, contact=contact.text, contact_key=keys[0], language=language, asked_at=now
        )
        if asked < CODES_PER_CONTACT_AN_HOUR:
            send_code(confirmation, now)
        else:
            # Nobody gets its code, so nobody may guess it either.
            Confirmation.objects.filter(pk=confirmation.pk).update(tries=TRIES_MAX)
            logger.info("no further code this hour to a contact that has had its share")
    return confirmation


def confirm(confirmation_id: uuid.UUID, code: str, now: datetime) -> Player:
    """Somebody shows the code. Raises CodeRefusedError; a wrong code counts."""
    with transaction.atomic():
        found = Confirmation.objects.select_for_update().filter(pk=confirmation_id).first()
        if found is None or found.used_at is not None or now - found.asked_at > CODE_VALID or found.tries >= TRIES_MAX:
            raise CodeRefusedError(0)
        if is_code(found.pk, code):
            found.used_at = now
            found.save(update_fields=["used_at"])
            return _player_of(found, now)
        Confirmation.objects.filter(pk=found.pk).update(tries=F("tries") + 1)
    # Outside of the transaction: raised inside, it would take the count back.
    raise CodeRefusedError(TRIES_MAX - found.tries - 1)


def _player_of(confirmation: Confirmation, now: datetime) -> Player:
    keys = keys_of(read_contact(confirmation.contact))
    player = Player.objects.select_for_update().filter(contact_key__in=keys).first()
    if player is None:
        player, _ = Player.objects.get_or_create(
            contact_key=keys[0],
            defaults={
                "kind": confirmation.kind, "contact": confirmation.contact, "language": confirmation.language,
                "tag": new_tag(), "confirmed_at": now, "seen_at": now,
            },
        )  # fmt: skip
    player.contact, player.language, player.seen_at = confirmation.contact, confirmation.language, now
    player.save(update_fields=["contact", "language", "seen_at"])
    return player


def new_tag() -> str:
    """A new lottery tag: `L` and random symbols of the receipt codes' alphabet, which nobody mistakes for others."""
    return TAG_START + "".join(secrets.choice(ALPHABET) for _ in range(TAG_LENGTH - 1))


def note_sighting(player: Player, device: bytes, network: bytes, now: datetime) -> None:
    """Notes where a player was seen, once a day; keyed hashes (lottery/players/contacts.py)."""
    Sighting.objects.bulk_create(
        [Sighting(player=player, device=device, network=network, day=now.date())], ignore_conflicts=True
    )
