"""The cast of every test of the admin: a superuser, staff who may only look, staff without rights, and nobody."""

from typing import NamedTuple

from django.contrib.auth.models import Permission
from django.test import Client

from possys.accounts.models import User


class Cast(NamedTuple):
    """A browser for each person."""

    superuser: Client
    viewer: Client
    without_rights: Client
    anonymous: Client


def make_person(name: str, *rights: str, is_superuser: bool = False, password: str | None = None) -> User:
    """One of the staff with these rights, each by its codename; a password takes long to hash."""
    person = User.objects.create_user(name, password=password, is_superuser=is_superuser, is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return person


def signed_in(person: User) -> Client:
    """The person's browser."""
    client = Client()
    client.force_login(person)
    return client


def make_cast() -> Cast:
    """The whole cast."""
    views = Permission.objects.filter(codename__startswith="view_").values_list("codename", flat=True)
    return Cast(
        superuser=signed_in(make_person("superuser", is_superuser=True)),
        viewer=signed_in(make_person("viewer", *views)),
        without_rights=signed_in(make_person("without-rights")),
        anonymous=Client(),
    )
