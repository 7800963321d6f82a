"""Who gets in where: every page with every role and every outsider, and the scope that services are given."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from portal import frame, navigation, queries
from portal.access import portal_page
from portal.models import Membership
from portal.navigation import NavigationEntry
from portal.rights import Right, Role
from portal.scope import Scope
from possys.accounts.models import User
from tests.cast import RetailCast
from transactions.models import Retailer

# Every page of a retailer, and the role that opens it; None: all.
PAGES: dict[str, Role | None] = {
    "portal-home": None,
    "portal-people": Role.OWNER,
    "portal-invite": Role.OWNER,
    "portal-member": Role.OWNER,
    "portal-remove": Role.OWNER,
    "portal-keys": None,
    "portal-key-new": None,
}
POSTED = {"portal-remove"}
HUGE = 10**25


def user_called(name: str) -> User:
    return User.objects.get(username=name)


def address(cast: RetailCast, name: str) -> str:
    kwargs = {"retailer": cast.retailer.pk}
    if name in {"portal-member", "portal-remove"}:
        kwargs["membership"] = Membership.objects.get(user__username="corner-viewer").pk
    return reverse(name, kwargs=kwargs)


def ask(client: Client, name: str, url: str) -> Any:
    return client.post(url) if name in POSTED else client.get(url)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_to_its_roles_and_to_no_outsider(cast: RetailCast, no_services: Any, name: str) -> None:
    url = address(cast, name)
    for outsider, client in cast.outsiders.items():
        answer = ask(client, name, url)
        assert answer.status_code == 404, outsider
        assert cast.retailer.name not in answer.content.decode()
    answer = ask(cast.anonymous, name, url)
    assert (answer.status_code, answer["Location"]) == (302, f"/portal/login/?next={url}")
    for role, client in cast.members.items():
        if PAGES[name] not in {None, role}:
            answer = ask(client, name, url)
            assert answer.status_code == 403, role
            text = " ".join(answer.content.decode().split())
            assert f"<dd>{role.label}</dd>" in text
            assert "<dt>Open to</dt><dd>Owner</dd>" in text
            assert "corner-owner@example.org" in text
    # What was asked by others changed nothing.
    assert Membership.objects.filter(retailer=cast.retailer, is_active=True).count() == len(Role)
    for role, client in cast.members.items():
        if PAGES[name] in {None, role}:
            assert ask(client, name, url).status_code in ({302} if name in POSTED else {200}), role


@pytest.mark.parametrize("retailer", [999_999, HUGE])
def test_an_unknown_retailer_is_answered_as_one_of_others(cast: RetailCast, retailer: int) -> None:
    foreign = cast.owner.get(reverse("portal-home", args=[cast.rival_retailer.pk]))
    unknown = cast.owner.get(f"/portal/{retailer}/")
    assert foreign.status_code == unknown.status_code == 404
    plain = [answer.content.decode().split("<main")[1] for answer in (foreign, unknown)]
    assert plain[0] == plain[1]


def test_whoever_is_kept_out_is_an_outsider_at_once(cast: RetailCast, no_services: Any) -> None:
    url = reverse("portal-home", args=[cast.retailer.pk])
    assert cast.viewer.get(url).status_code == 200
    Membership.objects.filter(user__username="corner-viewer").update(is_active=False)
    assert cast.viewer.get(url).status_code == 404
    assert cast.retailer.name not in cast.viewer.get("/portal/retailers/").content.decode()


def test_whose_login_is_made_inactive_comes_to_the_login(cast: RetailCast) -> None:
    User.objects.filter(username="corner-owner").update(is_active=False)
    assert cast.owner.get(reverse("portal-home", args=[cast.retailer.pk])).status_code == 302


def test_a_scope_has_the_stores_that_may_be_seen_ordered_by_name(
    cast: RetailCast, django_assert_max_num_queries: Any
) -> None:
    by_role = {}
    for role in Role:
        user = user_called(f"corner-{role.value.replace('_', '-')}")
        with django_assert_max_num_queries(3):
            scope = queries.scope_of(user, cast.retailer.pk)
        assert scope is not None
        assert (scope.role, scope.retailer_name) == (role, "Corner Shops")
        by_role[role] = [store.name for store in scope.stores]
        assert scope.shards == tuple(sorted({store.shard for store in cast.stores if store.pk in scope.store_ids}))
    assert by_role.pop(Role.STORE_MANAGER) == ["High Street", "Mill Lane"]
    assert set(map(tuple, by_role.values())) == {("High Street", "Mill Lane", "Oak Avenue")}
    assert queries.scope_of(user_called("rival"), cast.retailer.pk) is None


def test_a_service_s_view_gets_the_scope_and_its_404_stays_in_the_frame(cast: RetailCast) -> None:
    @portal_page(Right.SEE_TAX)
    def taxes(request: HttpRequest, scope: Scope, *, year: int) -> HttpResponse:
        if year != 2026:
            raise Http404
        return frame.render(request, scope, "portal/home.html", {"year": year})

    def asked(user: Any, year: int = 2026) -> HttpResponse:
        request = RequestFactory().get(f"/portal/{cast.retailer.pk}/taxes/{year}/")
        request.user, request.session = user, cast.owner.session
        return taxes(request, retailer=cast.retailer.pk, year=year)

    answer = asked(user_called("corner-accountant"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert asked(user_called("corner-viewer")).status_code == 403
    assert asked(user_called("rival")).status_code == 404
    assert asked(AnonymousUser()).status_code == 302
    missed = asked(user_called("corner-owner"), year=1999)
    assert missed.status_code == 404
    assert "Corner Shops" in missed.content.decode()


def test_the_frame_leads_to_what_the_role_may_see_in_the_order_of_ranks(cast: RetailCast, no_services: Any) -> None:
    url = reverse("portal-home", args=[cast.retailer.pk])
    assert "Nothing to show yet" in cast.accountant.get(url).content.decode()
    for name, page, right, rank in (
        ("Taxes", "portal-invite", Right.SEE_TAX, 20),
        ("Sales", "portal-home", Right.SEE_FIGURES, 30),
    ):
        navigation.register(NavigationEntry(name, page, right, rank))
    scopes = {
        role: queries.scope_of(user_called(f"corner-{role.value.replace('_', '-')}"), cast.retailer.pk) for role in Role
    }
    names = {role: [link.name for link in navigation.links(scope, url)] for role, scope in scopes.items() if scope}
    assert names[Role.OWNER] == ["Taxes", "Sales", "People"]
    assert names[Role.ACCOUNTANT] == ["Taxes", "Sales"]
    assert names[Role.VIEWER] == ["Sales"]
    owner = scopes[Role.OWNER]
    assert owner is not None
    current = [link.name for link in navigation.links(owner, f"{url}people/invite/") if link.is_current]
    assert current == ["Taxes"]
    assert cast.owner.get(url)["Location"] == f"{url}people/invite/"


def test_the_start_leads_to_the_retailer_looked_at_last(cast: RetailCast) -> None:
    home = reverse("portal-home", args=[cast.retailer.pk])
    assert cast.owner.get("/portal/")["Location"] == home
    assert cast.stranger.get("/portal/")["Location"] == "/portal/retailers/"
    assert "No retailer yet" in cast.stranger.get("/portal/retailers/").content.decode()
    assert cast.anonymous.get("/portal/")["Location"] == "/portal/login/?next=/portal/"
    Membership.objects.create(user=user_called("corner-owner"), retailer=cast.rival_retailer, role=Role.VIEWER)
    assert cast.owner.get("/portal/")["Location"] == "/portal/retailers/"
    listed = cast.owner.get("/portal/retailers/").content.decode()
    assert "Corner Shops" in listed
    assert "Rival Foods" in listed
    rival_home = reverse("portal-home", args=[cast.rival_retailer.pk])
    cast.owner.get(rival_home)
    assert cast.owner.get("/portal/")["Location"] == rival_home


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_of_retailers_takes_the_same_queries_for_one_and_for_many(
    cast: RetailCast, django_assert_num_queries: Any, count: int
) -> None:
    owner = user_called("corner-owner")
    for number in range(1, count):
        retailer = Retailer.objects.create(name=f"Chain {number}", tax_id=f"CHAIN-{number}")
        Membership.objects.create(user=owner, retailer=retailer, role=Role.VIEWER)
    # Session, person, memberships.
    with django_assert_num_queries(3):
        cast.owner.get("/portal/retailers/")


def test_the_portal_is_english_whatever_the_browser_prefers(cast: RetailCast) -> None:
    page = cast.anonymous.get("/portal/login/?lang=cs", headers={"accept-language": "cs"})
    assert "Password" in page.content.decode()
    assert "language" not in page.cookies
