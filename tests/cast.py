"""The cast of every test of a retailer's pages: each role at one retailer, a rival's owner, and three outsiders."""

from typing import NamedTuple

from django.test import Client

from portal.models import Membership
from portal.operations import Author, give_membership
from portal.rights import Role
from possys.accounts.models import User
from tests.factories import make_retailer, make_store
from tests.people import make_person, signed_in
from transactions.models import Retailer, Store


class RetailCast(NamedTuple):
    """A browser for each person, and where they belong: three stores, of which the store manager has the first two.

    The members' logins are `corner-` and their role: `corner-owner`, `corner-store-manager`.
    """

    retailer: Retailer
    stores: tuple[Store, Store, Store]
    rival_retailer: Retailer
    rival_store: Store
    owner: Client
    accountant: Client
    store_manager: Client
    viewer: Client
    rival: Client
    stranger: Client
    staff: Client
    anonymous: Client

    @property
    def members(self) -> dict[Role, Client]:
        """Everybody who gets in at the retailer."""
        return {
            Role.OWNER: self.owner,
            Role.ACCOUNTANT: self.accountant,
            Role.STORE_MANAGER: self.store_manager,
            Role.VIEWER: self.viewer,
        }

    @property
    def outsiders(self) -> dict[str, Client]:
        """Everybody who is signed in and must not learn that the retailer exists."""
        return {"rival": self.rival, "stranger": self.stranger, "staff": self.staff}


def make_user(name: str, *, password: str | None = None) -> User:
    """Somebody with a login and an e-mail address; a password takes long to hash, so most have none."""
    return User.objects.create_user(name, f"{name}@example.org", password)


def make_member(
    retailer: Retailer, role: Role, *, name: str, stores: tuple[Store, ...] = (), password: str | None = None
) -> Membership:
    """Somebody new who gets in at the retailer, let in by themselves."""
    user = make_user(name, password=password)
    return give_membership(user=user, retailer=retailer, role=role, stores=stores, author=Author(user))


def make_retail_cast() -> RetailCast:
    """The whole cast."""
    retailer, rival = make_retailer("Corner Shops"), make_retailer("Rival Foods")
    high, mill, oak = (make_store(retailer, name=name) for name in ("High Street", "Mill Lane", "Oak Avenue"))
    rival_store = make_store(rival, name="Lake Road")

    def enter(at: Retailer, role: Role, name: str, *stores: Store) -> Client:
        return signed_in(make_member(at, role, name=name, stores=stores).user)

    return RetailCast(
        retailer=retailer,
        stores=(high, mill, oak),
        rival_retailer=rival,
        rival_store=rival_store,
        owner=enter(retailer, Role.OWNER, "corner-owner"),
        accountant=enter(retailer, Role.ACCOUNTANT, "corner-accountant"),
        store_manager=enter(retailer, Role.STORE_MANAGER, "corner-store-manager", high, mill),
        viewer=enter(retailer, Role.VIEWER, "corner-viewer"),
        rival=enter(rival, Role.OWNER, "rival"),
        stranger=signed_in(make_user("stranger")),
        staff=signed_in(make_person("staff-superuser", is_superuser=True)),
        anonymous=Client(),
    )
