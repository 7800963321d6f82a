"""What changes who gets in at a retailer. Every change leaves a row that says who made it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from portal.models import DETAIL_MAX, Membership, MembershipChange, RetailerRule
from portal.rights import Role
from possys.accounts.models import User
from transactions.models import Retailer, Store

# Who manages more sees the whole retailer as accountant or viewer; a form stays within Django's 1,000 fields.
STORES_MAX = 500
# Stores that a change names; of more it says how many.
STORES_NAMED = 5
LAST_OWNER = "This is the last owner. Make somebody else an owner first."
Kind = MembershipChange.Kind


class MembershipError(ValueError):
    """What was asked for is not possible; the message is for whoever asked."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change: one of the retailer's owners, or the operator's staff."""

    user: User
    is_staff: bool = False


@transaction.atomic
def invite(*, retailer: Retailer, email: str, role: Role, stores: Iterable[Store], author: Author) -> Membership:
    """Lets whoever has the address in, as a new user without a password where nobody has it yet.

    Raises MembershipError.
    """
    return give_membership(user=_user_of(email), retailer=retailer, role=role, stores=stores, author=author)


@transaction.atomic
def give_membership(
    *, user: User, retailer: Retailer, role: Role, stores: Iterable[Store], author: Author
) -> Membership:
    """Lets a person in who is not, or no longer. Raises MembershipError."""
    chosen = check_stores(retailer.pk, role, stores)
    made, is_new = Membership.objects.get_or_create(user=user, retailer=retailer, defaults={"role": role})
    found = Membership.objects.select_for_update().get(pk=made.pk)
    if not is_new and found.is_active:
        raise MembershipError(f"This person gets in already, as {Role(found.role).label.lower()}.")
    found.role, found.is_active = role, True
    found.save(update_fields=["role", "is_active"])
    found.stores.set(chosen)
    _keep(found, Kind.GIVEN, described(role, chosen), author)
    return found


@transaction.atomic
def change_membership(membership: Membership, *, role: Role, stores: Iterable[Store], author: Author) -> None:
    """Gives a member another role or other stores. Raises MembershipError; nothing happens when nothing differs."""
    chosen = check_stores(membership.retailer_id, role, stores)
    found, owners = _locked(membership)
    before = described(Role(found.role), found.stores.all())
    is_same = found.role == role and set(found.stores.all()) == set(chosen)
    if is_same:
        return
    if role is not Role.OWNER:
        _must_not_be_last_owner(found, owners)
    found.role = role
    found.save(update_fields=["role"])
    found.stores.set(chosen)
    _keep(found, Kind.CHANGED, f"{before} → {described(role, chosen)}", author)


@transaction.atomic
def remove_membership(membership: Membership, *, author: Author) -> None:
    """Keeps a member out from now on. Raises MembershipError."""
    found, owners = _locked(membership)
    _must_not_be_last_owner(found, owners)
    found.is_active = False
    found.save(update_fields=["is_active"])
    # Who is let in again makes new keys: old ones do not come back with them.
    found.api_keys.filter(revoked_at=None).update(revoked_at=Now(), revoked_by=author.user)
    _keep(found, Kind.REMOVED, described(Role(found.role), found.stores.all()), author)


@transaction.atomic
def demand_second_factor(membership: Membership, *, is_demanded: bool, author: Author) -> None:
    """Has everybody at the member's retailer sign in with a second factor, or leaves it to them; as it was: nothing."""
    rule, _ = RetailerRule.objects.select_for_update().get_or_create(retailer_id=membership.retailer_id)
    if rule.needs_second_factor == is_demanded:
        return
    rule.needs_second_factor = is_demanded
    rule.save(update_fields=["needs_second_factor"])
    kind = Kind.FACTOR_DEMANDED if is_demanded else Kind.FACTOR_LEFT_FREE
    _keep(membership, kind, kind.label.capitalize(), author)


def check_stores(retailer_id: int, role: Role, stores: Iterable[Store]) -> list[Store]:
    """The stores as a list, if they may go with the role. Raises MembershipError."""
    chosen = list(stores)
    if role is not Role.STORE_MANAGER:
        if chosen:
            raise MembershipError("Only a store manager has stores of their own; other roles see all stores.")
        return []
    if not chosen:
        raise MembershipError("A store manager needs at least one store.")
    if len(chosen) > STORES_MAX:
        raise MembershipError(
            f"A store manager has at most {STORES_MAX} stores; an accountant or a viewer sees all of them."
        )
    if foreign := [store.name for store in chosen if store.retailer_id != retailer_id]:
        raise MembershipError(f"Not one of the retailer's stores: {', '.join(foreign[:STORES_NAMED])}.")
    return chosen


def described(role: Role, stores: Iterable[Store]) -> str:
    """A role in words, with the names of a store manager's stores, not too many."""
    names = sorted(store.name for store in stores)
    if not names:
        return role.label
    more = f" and {len(names) - STORES_NAMED} more" if len(names) > STORES_NAMED else ""
    return f"{role.label}: {', '.join(names[:STORES_NAMED])}{more}"


def _user_of(email: str) -> User:
    """Whoever has the address, else a new user; logins that we make are in small letters."""
    address = email.strip().lower()
    named = User.objects.filter(username=address).first()
    found = named or User.objects.filter(email__iexact=address).order_by("pk").first()
    if found is not None:
        return found
    user, is_new = User.objects.get_or_create(username=address, defaults={"email": address})
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _locked(membership: Membership) -> tuple[Membership, set[int]]:
    """The member as they are now and the numbers of all owners, all held until the end of the DB transaction.

    All at once and in one order: two owners who remove each other at one moment neither both succeed nor block each
    other. Raises MembershipError for a member who left.
    """
    rows = Membership.objects.select_for_update().filter(
        Q(role=Role.OWNER) | Q(pk=membership.pk), retailer_id=membership.retailer_id, is_active=True
    )
    held = {row.pk: row for row in rows.order_by("pk")}
    if membership.pk not in held:
        raise MembershipError("This person does not get in any more.")
    return held[membership.pk], {row.pk for row in held.values() if row.role == Role.OWNER}


def _must_not_be_last_owner(membership: Membership, owners: set[int]) -> None:
    """Raises MembershipError."""
    if owners == {membership.pk}:
        raise MembershipError(LAST_OWNER)


def _keep(membership: Membership, kind: MembershipChange.Kind, detail: str, author: Author) -> None:
    MembershipChange.objects.create(
        membership=membership,
        kind=kind,
        detail=detail[:DETAIL_MAX],
        changed_by=author.user,
        is_by_staff=author.is_staff,
    )
