"""What an API key opens, and from when on it opens nothing more."""

from datetime import timedelta
from typing import Any, cast

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal import operations
from portal.keys import limits, tokens
from portal.keys.authentication import ApiKeyAuthentication
from portal.keys.models import ApiKey
from portal.keys.operations import make_key, revoke_key
from portal.keys.scope import scope_of_key
from portal.models import Membership
from portal.operations import Author
from portal.rights import Role
from possys.clock import now_ms, utc
from possys.limits import Limit
from possys.problems import not_found
from tests.cast import RetailCast

NOW = utc(now_ms())
TODAY = NOW.date()


class WhoView(APIView):
    """Answers who asks and which stores they see."""

    authentication_classes = (ApiKeyAuthentication,)

    def get(self, request: Request, retailer: int) -> HttpResponse:
        scope = scope_of_key(cast(ApiKey, request.auth), retailer)
        if scope is None:
            return not_found(request._request, LookupError())
        return Response({"user": str(request.user), "role": scope.role, "stores": list(scope.store_ids)})


urlpatterns = [path("api/v1/retailers/<int:retailer>/who", WhoView.as_view())]
pytestmark = pytest.mark.urls(__name__)


def member(name: str) -> Membership:
    return Membership.objects.get(user__username=name)


# One for all requests: each new client would look for the site's static files anew.
PROGRAM = Client()


def ask(token: str | None, retailer: int, client: Client = PROGRAM) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.get(f"/api/v1/retailers/{retailer}/who", headers=headers)


def manager_key() -> str:
    return make_key(member("corner-store-manager"), name="ERP", now=NOW)


def test_a_key_acts_as_its_member_at_the_moment_of_the_request(crew: RetailCast) -> None:
    token = manager_key()
    said = ask(token, crew.retailer.pk).json()
    high, mill, oak = (store.pk for store in crew.stores)
    assert said == {"user": "corner-store-manager", "role": "store_manager", "stores": [high, mill]}
    manager = member("corner-store-manager")
    owner = Author(member("corner-owner").user)
    operations.change_membership(manager, role=Role.STORE_MANAGER, stores=[crew.stores[2]], author=owner)
    assert ask(token, crew.retailer.pk).json()["stores"] == [oak]
    operations.change_membership(manager, role=Role.VIEWER, stores=[], author=owner)
    assert ask(token, crew.retailer.pk).json()["role"] == "viewer"


def test_a_key_opens_no_other_retailer_even_where_its_person_belongs(crew: RetailCast) -> None:
    token = manager_key()
    manager = member("corner-store-manager").user
    operations.give_membership(
        user=manager, retailer=crew.rival_retailer, role=Role.OWNER, stores=[], author=Author(manager)
    )
    assert ask(token, crew.rival_retailer.pk).status_code == 404
    assert ask(token, 10**12).status_code == 404
    assert ask(token, crew.retailer.pk).status_code == 200


def test_what_is_no_key_is_refused_as_a_problem_that_says_what_to_send(crew: RetailCast) -> None:
    token = manager_key()
    number, _, secret = token.partition(".")
    other = make_key(member("corner-owner"), name="x", now=NOW)
    strangers = [
        None, "", "x", "r", token[:-1], token + "a", token.upper(), f"{number}.{'a' * 32}", f"r0.{secret}",
        f"r{'9' * 18}.{secret}", f"r{'9' * 30}.{secret}", f"{other.partition('.')[0]}.{secret}", "t1.1.abc", "é",
    ]  # fmt: skip
    for wrong in strangers:
        refused = ask(wrong, crew.retailer.pk)
        assert refused.status_code == 401, wrong
        assert refused["WWW-Authenticate"] == "Bearer"
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["type"] == "urn:possys:problem:authentication-failed"
    # A browser's session is no key.
    assert ask(None, crew.retailer.pk, crew.owner).status_code == 401
    assert ask(token, crew.retailer.pk).status_code == 200


def test_only_a_hash_of_the_secret_is_kept(crew: RetailCast) -> None:
    first, second = manager_key(), manager_key()
    secret = first.partition(".")[2]
    assert secret != second.partition(".")[2]
    kept = ApiKey.objects.filter(name="ERP").order_by("pk").first()
    assert kept is not None
    assert bytes(kept.secret_hash) == tokens.hashed(secret)
    assert secret not in str(vars(kept))


def test_a_revoked_or_expired_key_or_one_of_somebody_shut_out_is_dead(crew: RetailCast) -> None:
    def key_of(name: str) -> tuple[str, ApiKey]:
        token = make_key(member(name), name="ERP", now=NOW)
        return token, ApiKey.objects.latest("pk")

    owner = Author(member("corner-owner").user)
    revoked, row = key_of("corner-owner")
    assert revoke_key(row, author=owner, now=NOW)
    assert not revoke_key(row, author=owner, now=NOW)
    expired, row = key_of("corner-owner")
    ApiKey.objects.filter(pk=row.pk).update(expires_on=TODAY)
    assert ask(expired, crew.retailer.pk).status_code == 200
    ApiKey.objects.filter(pk=row.pk).update(expires_on=TODAY - timedelta(days=1))
    asleep, row = key_of("corner-viewer")
    row.membership.user.is_active = False
    row.membership.user.save()
    removed, row = key_of("corner-accountant")
    operations.remove_membership(row.membership, author=owner)
    for token, said in (
        (revoked, "revoked"),
        (expired, "expired"),
        (asleep, "does not get in any more"),
        (removed, "revoked"),
    ):
        refused = ask(token, crew.retailer.pk)
        assert refused.status_code == 401
        assert said in refused.json()["detail"]
    # Let in again, the accountant makes a new key.
    operations.give_membership(
        user=row.membership.user, retailer=crew.retailer, role=Role.ACCOUNTANT, stores=[], author=owner
    )
    assert ask(removed, crew.retailer.pk).status_code == 401


def test_the_first_use_of_a_day_is_written_and_no_other(crew: RetailCast, django_assert_num_queries: Any) -> None:
    token = manager_key()
    # The key with its member, the date; the scope: membership and stores.
    with django_assert_num_queries(4):
        ask(token, crew.retailer.pk)
    assert ApiKey.objects.get().last_used_on == TODAY
    with django_assert_num_queries(3):
        ask(token, crew.retailer.pk)


def test_requests_of_a_key_are_limited_and_those_of_others_are_not(
    crew: RetailCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUESTS_OF_KEY", Limit("few-requests", 2, 3600))
    token, other = manager_key(), manager_key()
    answers = [ask(token, crew.retailer.pk) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 3600
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert ask(other, crew.retailer.pk).status_code == 200


def test_a_client_with_too_many_wrong_keys_waits(
    crew: RetailCast, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(limits, "WRONG_OF_CLIENT", Limit("few-wrong", 2, 3600))
    assert [ask(f"r1.{'a' * 32}", crew.retailer.pk).status_code for _ in range(3)] == [401, 401, 429]
    with django_assert_num_queries(0):
        assert ask(f"r1.{'a' * 32}", crew.retailer.pk).status_code == 429
    # What is no key at all is not counted: a browser that somebody sends here shuts nobody out.
    cache.clear()
    assert [ask(None, crew.retailer.pk).status_code for _ in range(4)] == [401] * 4
    assert ask(manager_key(), crew.retailer.pk).status_code == 200


def test_without_the_cache_keys_work_on_and_wrong_ones_do_not(crew: RetailCast, settings: Any) -> None:
    here = settings.CACHES
    settings.CACHES = {"default": {**here["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert ask(manager_key(), crew.retailer.pk).status_code == 200
    assert ask(f"r1.{'a' * 32}", crew.retailer.pk).status_code == 401
    settings.CACHES = here
