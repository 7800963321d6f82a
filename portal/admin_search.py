"""How staff find retailers' people and their keys: by login or e-mail address, and by retailer."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from portal.models import Membership
from possys.accounts.models import User
from possys.keyset_search import FOUND_MAX
from transactions.admin_search import retailers_of


def memberships_of(term: str) -> Iterator["QuerySet[Any]"]:
    """By the beginning of the login, by the whole e-mail address, by the retailer's tax id or words of its name."""
    for people in (User.objects.filter(username__startswith=term), User.objects.filter(email__iexact=term)):
        yield Membership.objects.filter(user__in=_keys(people))
    for retailers in retailers_of(term):
        yield Membership.objects.filter(retailer__in=_keys(retailers))


def _keys(rows: "QuerySet[Any]") -> list[int]:
    return list(rows.order_by().values_list("pk", flat=True)[:FOUND_MAX])
