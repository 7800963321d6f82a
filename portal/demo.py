"""Logins for trying the portal on one desk: everybody at the largest demo retailer, and a rival's owner."""

import secrets
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from portal.models import Membership
from portal.operations import Author, change_membership, give_membership
from portal.rights import Role
from possys.accounts.models import User
from transactions.models import Retailer, Store

LARGEST, RIVAL = "Harvest Lane Markets", "Bluebird Grocers"
# Stores of the demo's store manager.
MANAGED = 3
PASSWORD_BYTES = 9
PEOPLE = (
    ("owner", LARGEST, Role.OWNER),
    ("accountant", LARGEST, Role.ACCOUNTANT),
    ("manager", LARGEST, Role.STORE_MANAGER),
    ("viewer", LARGEST, Role.VIEWER),
    ("rival", RIVAL, Role.OWNER),
)


class Login(NamedTuple):
    """A demo login with its password in clear."""

    username: str
    password: str
    role: str


class DemoShop(NamedTuple):
    """A demo retailer with the people who enter something there; the owner does what nobody else is there for."""

    retailer: Retailer
    owner: User
    accountant: User
    manager: User
    managed: list[Store]


def demo_shops() -> list[DemoShop]:
    """Where services make what people enter: the demo's retailers that have an owner; none but in local work."""
    if not settings.LOCAL_WORK:
        return []
    retailers = Retailer.objects.filter(name__in=(LARGEST, RIVAL)).order_by("pk")
    return [shop for retailer in retailers if (shop := _shop(retailer)) is not None]


def _shop(retailer: Retailer) -> DemoShop | None:
    people = {name: role for name, at, role in PEOPLE if at == retailer.name}
    members = Membership.objects.filter(retailer=retailer, is_active=True, user__username__in=people)
    users = {people[member.user.username]: member.user for member in members.select_related("user")}
    owner = users.get(Role.OWNER)
    if owner is None:
        return None
    return DemoShop(
        retailer=retailer,
        owner=owner,
        accountant=users.get(Role.ACCOUNTANT, owner),
        manager=users.get(Role.STORE_MANAGER, owner),
        managed=_managed(retailer),
    )


@transaction.atomic
def demo_people() -> list[Login]:
    """The demo's people, with one new password for all of them; none unless the settings say local work.

    One password, since hashing each of five would take a second of every start. Retailers that are not there are left
    out.
    """
    if not settings.LOCAL_WORK:
        return []
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    encoded = make_password(password)
    retailers = {retailer.name: retailer for retailer in Retailer.objects.filter(name__in=(LARGEST, RIVAL))}
    logins = []
    for username, name, role in PEOPLE:
        if name in retailers:
            user = _user(username, name, encoded)
            _let_in(user, retailers[name], role)
            logins.append(Login(username, password, f"{role.label.lower()}, {name}"))
    return logins


def _user(username: str, retailer: str, encoded: str) -> User:
    address = f"{username}@{retailer.lower().replace(' ', '-')}.example"
    user, _ = User.objects.get_or_create(username=username, defaults={"email": address})
    user.password = encoded
    user.save(update_fields=["password"])
    return user


def _let_in(user: User, retailer: Retailer, role: Role) -> None:
    """With the role, whatever somebody who tried the pages has made of it; the first owner lets themselves in."""
    stores = _managed(retailer) if role is Role.STORE_MANAGER else ()
    found = Membership.objects.filter(user=user, retailer=retailer, is_active=True).first()
    if found is None:
        give_membership(user=user, retailer=retailer, role=role, stores=stores, author=Author(user, is_staff=True))
    elif found.role != role:
        change_membership(found, role=role, stores=stores, author=Author(user, is_staff=True))


def _managed(retailer: Retailer) -> list[Store]:
    """The demo makes its busiest stores first."""
    return list(Store.objects.filter(retailer=retailer).order_by("pk")[:MANAGED])
