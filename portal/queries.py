"""What is asked about retailers' people: who may see what, who belongs to a retailer, what was changed."""

from django.db.models import Exists, OuterRef, QuerySet

from portal.models import Membership, MembershipChange
from portal.rights import Role
from portal.scope import Scope, ScopeStore
from possys.accounts.models import Authenticator, User
from transactions.models import Store


def scope_of(user: User, retailer_id: int) -> Scope | None:
    """What the person may see of the retailer, in two queries; None when they do not belong to it, or there is none."""
    found = (
        Membership.objects.select_related("retailer__rule")
        .filter(user=user, retailer_id=retailer_id, is_active=True)
        .order_by()
        .first()
    )
    if found is None:
        return None
    role = Role(found.role)
    stores = Store.objects.filter(retailer_id=retailer_id)
    if role is Role.STORE_MANAGER:
        stores = stores.filter(managers=found)
    rows = stores.order_by("name", "id").values_list("id", "name", "shard")
    rule = getattr(found.retailer, "rule", None)
    return Scope(
        membership_id=found.pk,
        retailer_id=retailer_id,
        retailer_name=found.retailer.name,
        role=role,
        stores=tuple(ScopeStore(*row) for row in rows),
        needs_second_factor=rule is not None and rule.needs_second_factor,
    )


def memberships_of(user: User) -> list[Membership]:
    """Where the person gets in, by the retailers' names."""
    active = Membership.objects.filter(user=user, is_active=True)
    return list(active.select_related("retailer").order_by("retailer__name", "pk"))


def members(retailer_id: int) -> QuerySet[Membership]:
    """Everybody who gets in at the retailer, with their stores."""
    active = Membership.objects.filter(retailer_id=retailer_id, is_active=True)
    has_one = Exists(Authenticator.objects.filter(user=OuterRef("user"), confirmed=True))
    people = active.select_related("user").prefetch_related("stores").annotate(has_second_factor=has_one)
    return people.order_by("user__email", "user__username")


def must_have_second_factor(user: User) -> bool:
    """Whether a retailer that the person belongs to demands one of everybody."""
    demanding = Membership.objects.filter(user=user, is_active=True, retailer__rule__needs_second_factor=True)
    return demanding.exists()


def retailers_names(user: User) -> list[str]:
    """Of where the person belongs: what nobody's password should be made of."""
    return list(Membership.objects.filter(user=user, is_active=True).values_list("retailer__name", flat=True))


def member(retailer_id: int, membership_id: int) -> Membership | None:
    """One of them; None for nobody, or somebody of another retailer."""
    return members(retailer_id).filter(pk=membership_id).first()


def owners(retailer_id: int) -> list[str]:
    """How the retailer's owners are reached."""
    return [called(one.user) for one in members(retailer_id).prefetch_related(None).filter(role=Role.OWNER)]


def is_last_owner(membership: Membership) -> bool:
    """Whether nobody could let anybody in any more without this member."""
    if not membership.is_active or membership.role != Role.OWNER:
        return False
    return not members(membership.retailer_id).filter(role=Role.OWNER).exclude(pk=membership.pk).exists()


def changes(retailer_id: int) -> QuerySet[MembershipChange]:
    """Every change of who gets in at the retailer, the latest first."""
    rows = MembershipChange.objects.filter(membership__retailer_id=retailer_id)
    return rows.select_related("membership__user", "changed_by")


def called(user: User) -> str:
    """How a person is named to others at a retailer.

    Never by their full name: whoever invites an address would learn whose it is.
    """
    return user.email or user.get_username()
