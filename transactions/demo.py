"""The demo registry: a dozen invented retailers that share out the 457 real stores of the baskets."""

import secrets
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from possys.accounts.models import User
from possys.accounts.roles import AUDITOR, INSPECTOR, OPERATIONS, SUPPORT, keep_roles
from transactions import operations
from transactions.models import Retailer, Store, Terminal
from transactions.replay.source import store_traffic

# A till more for each so many baskets a year: corner shops get two, the busiest store 25, all together
# about 1,700.
TILLS_MIN = 2
BASKETS_A_TILL = 180
# The store whose only till is left to people who try the system by hand; replay never uses it.
COUNTER_NAME = "Front desk"
COUNTER_ADDRESS = "1 Market Square, Fairview, OH 45001"


class DemoRetailer(NamedTuple):
    """An invented company with an invented tax id (no US number begins with 00)."""

    name: str
    tax_id: str


RETAILERS = tuple(
    DemoRetailer(name, f"00-{1_000_001 + 1_111 * place}")
    for place, name in enumerate(
        (
            "Harvest Lane Markets",
            "Bluebird Grocers",
            "Fairview Foods",
            "Red Barn Supermarkets",
            "Cedar & Sons",
            "Riverbend Fresh",
            "Sunnyside Stores",
            "Copper Kettle Provisions",
            "Northgate Market",
            "Millstone Pantry",
            "Juniper Corner Shops",
            "Lighthouse Fuel & Food",
        )
    )
)
# How the stores, busiest first, are dealt: the first retailers are chains, the last have a few shops.
DEAL = (0, 1, 2, 0, 3, 1, 4, 0, 5, 2, 6, 1, 7, 0, 8, 3, 9, 2, 10, 0, 11, 1, 4, 5)
STREETS = (
    "Maple Street",
    "Oak Avenue",
    "Main Street",
    "Lake Road",
    "Mill Lane",
    "Church Street",
    "Park Avenue",
)
TOWNS = (
    "Fairview, OH 45001",
    "Greenville, OH 45331",
    "Milton, KY 40045",
    "Clinton, IN 47842",
    "Salem, OH 44460",
)
HOUSE_NUMBERS = 900


@dataclass(frozen=True, slots=True)
class PlannedStore:
    """One demo store; `source_store` is its number in the baskets, which its name ends with."""

    source_store: int
    retailer: DemoRetailer
    name: str
    address: str
    tills: int


@cache
def planned_stores() -> tuple[PlannedStore, ...]:
    """All demo stores, busiest first, the same every time. Raises SourceMissingError without the baskets."""
    planned = []
    for rank, (source_store, baskets) in enumerate(store_traffic().items()):
        street = STREETS[source_store % len(STREETS)]
        planned.append(
            PlannedStore(
                source_store=source_store,
                retailer=RETAILERS[DEAL[rank % len(DEAL)]],
                name=f"{street} #{source_store}",
                address=f"{1 + source_store % HOUSE_NUMBERS} {street}, {TOWNS[source_store % len(TOWNS)]}",
                tills=TILLS_MIN + baskets // BASKETS_A_TILL,
            )
        )
    return tuple(planned)


def ensure_retailers() -> dict[str, Retailer]:
    """The demo retailers by name, created where missing."""
    found = {retailer.name: retailer for retailer in Retailer.objects.filter(name__in=[r.name for r in RETAILERS])}
    for demo in RETAILERS:
        if demo.name not in found:
            found[demo.name] = operations.create_retailer(name=demo.name, tax_id=demo.tax_id)
    return found


@transaction.atomic
def ensure_registry() -> int:
    """Creates the retailers, stores and terminals that are missing; returns how many terminals there are."""
    retailers = ensure_retailers()
    wanted = [(plan.retailer.name, plan.name, plan.address, plan.tills) for plan in planned_stores()]
    wanted.append((RETAILERS[0].name, COUNTER_NAME, COUNTER_ADDRESS, 1))
    stores = {
        (store.retailer.name, store.name): store
        for store in Store.objects.select_related("retailer").filter(retailer__in=retailers.values())
    }
    tills = dict[int, int]()
    for store_id in Terminal.objects.filter(store__in=stores.values()).values_list("store_id", flat=True):
        tills[store_id] = tills.get(store_id, 0) + 1
    total = 0
    for retailer, name, address, count in wanted:
        store = stores.get((retailer, name))
        if store is None:
            store = operations.create_store(retailer=retailers[retailer], name=name, address=address)
        missing = count - tills.get(store.pk, 0)
        if missing > 0:
            operations.enrol_terminals(store=store, count=missing)
        total += max(count, tills.get(store.pk, 0))
    return total


def counter_terminal() -> Terminal:
    """The till for trying by hand."""
    return Terminal.objects.select_related("store__retailer").get(
        store__retailer__name=RETAILERS[0].name, store__name=COUNTER_NAME
    )


class Login(NamedTuple):
    """A demo login with its password in clear."""

    username: str
    password: str
    role: str


LOGINS = (("admin", "administrator", True), ("staff", "staff, without rights of their own", False))
# One login for each of the staff's roles, named like it.
ROLES = {
    SUPPORT: "support: customers, retailers, enrolment codes",
    INSPECTOR: "inspector: ledger, proofs, findings",
    OPERATIONS: "operations: registry, outages, services",
    AUDITOR: "auditor: reads everything, changes nothing",
}
PASSWORD_BYTES = 9


def demo_logins() -> list[Login]:
    """The demo users, each with a new password; none unless the settings say local work.

    Only the password's hash is kept, so each call sets another one. Outside local work no known login may
    exist.
    """
    if not settings.LOCAL_WORK:
        return []
    logins = []
    for username, role, is_administrator in LOGINS:
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        user, _ = User.objects.get_or_create(username=username)
        user.is_staff, user.is_superuser = True, is_administrator
        user.set_password(password)
        user.save()
        logins.append(Login(username, password, role))
    return [*logins, *_role_logins()]


def _role_logins() -> list[Login]:
    """One password for all of them, since each takes long to hash."""
    keep_roles()
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    encoded = make_password(password)
    for role in ROLES:
        user, _ = User.objects.update_or_create(username=role, defaults={"is_staff": True, "password": encoded})
        user.groups.set(Group.objects.filter(name=role))
    return [Login(role, password, work) for role, work in ROLES.items()]
