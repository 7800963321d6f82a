"""What makes and ends API keys. Each leaves a row in the list of changes, as every change of who gets in does."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from portal.keys import tokens
from portal.keys.models import NAME_LENGTH_MAX, ApiKey
from portal.models import DETAIL_MAX, Membership, MembershipChange
from portal.operations import Author

# A member has some programs with a key each; somebody who makes keys by a program notices soon.
KEYS_MAX = 20
# Long enough that nobody is busy with keys, short enough that a forgotten one ends.
LIFE_DAYS = 365
LIFE_DAYS_MAX = 2 * 365


class KeyRefusedError(ValueError):
    """The key cannot be made; the message is for whoever asked."""


@transaction.atomic
def make_key(membership: Membership, *, name: str, expires_on: date | None = None, now: datetime) -> str:
    """A new key of a member, who makes it: its token, which is told once and never again. Raises KeyRefusedError."""
    # Held, so that of two requests at one moment the second counts the first one's key.
    member = Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    today = now.date()
    last = expires_on or today + timedelta(days=LIFE_DAYS)
    _check(member, name=name, last=last, today=today)
    secret = tokens.new_secret()
    made = ApiKey.objects.create(
        membership=member, name=name, secret_hash=tokens.hashed(secret), created_at=now, expires_on=last
    )
    _keep(made, MembershipChange.Kind.KEY_MADE, Author(member.user))
    return tokens.written(tokens.Token(made.pk, secret))


@transaction.atomic
def revoke_key(key: ApiKey, *, author: Author, now: datetime) -> bool:
    """Refuses the key from the next request on; whether it was not revoked already."""
    found = ApiKey.objects.select_for_update(of=("self",)).select_related("membership").get(pk=key.pk)
    if found.revoked_at is not None:
        return False
    found.revoked_at, found.revoked_by = now, author.user
    found.save(update_fields=["revoked_at", "revoked_by"])
    _keep(found, MembershipChange.Kind.KEY_REVOKED, author)
    return True


def live(membership_id: int, today: date) -> QuerySet[ApiKey]:
    """A member's keys that open anything."""
    return ApiKey.objects.filter(membership_id=membership_id, revoked_at=None, expires_on__gte=today)


def _check(member: Membership, *, name: str, last: date, today: date) -> None:
    """Raises KeyRefusedError."""
    if not member.is_active:
        raise KeyRefusedError("You do not get in any more.")
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        raise KeyRefusedError(f"A key's name has 1 to {NAME_LENGTH_MAX} characters.")
    if not today <= last <= today + timedelta(days=LIFE_DAYS_MAX):
        raise KeyRefusedError(f"A key ends today or later, and within {LIFE_DAYS_MAX} days.")
    if live(member.pk, today).count() >= KEYS_MAX:
        raise KeyRefusedError(f"You have {KEYS_MAX} keys, as many as a person can have. Revoke one first.")


def _keep(key: ApiKey, kind: MembershipChange.Kind, author: Author) -> None:
    MembershipChange.objects.create(
        membership=key.membership,
        kind=kind,
        detail=f"API key {key.pk}, “{key.name}”, until {key.expires_on:%-d %b %Y}"[:DETAIL_MAX],
        changed_by=author.user,
        is_by_staff=author.is_staff,
    )
