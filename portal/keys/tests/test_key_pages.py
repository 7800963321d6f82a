"""The pages of API keys: who sees whose, the one time that a key is shown, and what is refused."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.keys import limits, operations
from portal.keys.models import ApiKey
from portal.keys.operations import LIFE_DAYS, LIFE_DAYS_MAX, KeyRefusedError, make_key
from portal.keys.tests.conftest import MakeKey
from portal.models import Membership, MembershipChange
from portal.rights import Role
from possys.clock import now_ms, utc
from possys.limits import Limit
from tests.cast import RetailCast, make_member

NOW = utc(now_ms())
TODAY = NOW.date()
TYPED = {"name": "ERP in Brno", "expires_on": f"{TODAY + timedelta(days=LIFE_DAYS)}"}
TOKEN = re.compile(r"r\d+\.[a-z2-7]{32}")


@pytest.fixture
def page(crew: RetailCast) -> str:
    return reverse("portal-keys", args=[crew.retailer.pk])


def revoking(crew: RetailCast, key: ApiKey) -> str:
    return reverse("portal-key-revoke", args=[crew.retailer.pk, key.pk])


def test_every_member_makes_a_key_that_is_shown_once(crew: RetailCast, page: str) -> None:
    for role, client in crew.members.items():
        # The owner, who would see everybody's, is the first.
        assert "No program gets in yet" in client.get(page).content.decode()
        made = client.post(f"{page}new/", TYPED)
        assert made.status_code == 200
        assert "no-store" in made["Cache-Control"]
        (token,) = set(TOKEN.findall(made.content.decode()))
        key = ApiKey.objects.latest("pk")
        assert token.startswith(f"r{key.pk}.")
        assert (key.membership.role, key.name) == (role, "ERP in Brno")
        later = client.get(page).content.decode()
        assert "ERP in Brno" in later
        assert token not in later
        assert token.partition(".")[2] not in later
    assert MembershipChange.objects.filter(kind="key-made").count() == len(Role)


def test_a_member_sees_own_keys_and_an_owner_everybody_s_but_no_rival_s(
    crew: RetailCast, key_of: MakeKey, page: str
) -> None:
    for name in ("corner-owner", "corner-viewer", "corner-accountant", "rival"):
        key_of(name)
    seen = {
        role: re.findall(r"key of ([a-z-]+) <", client.get(page).content.decode())
        for role, client in crew.members.items()
    }
    assert seen == {
        Role.OWNER: ["corner-accountant", "corner-viewer", "corner-owner"],
        Role.ACCOUNTANT: ["corner-accountant"],
        Role.STORE_MANAGER: [],
        Role.VIEWER: ["corner-viewer"],
    }


def test_outsiders_find_no_keys_and_strangers_come_to_the_login(crew: RetailCast, key_of: MakeKey, page: str) -> None:
    _, key = key_of("corner-viewer")
    for client in crew.outsiders.values():
        assert client.get(page).status_code == 404
        assert client.post(f"{page}new/", TYPED).status_code == 404
        assert client.post(revoking(crew, key)).status_code == 404
    for path in (page, f"{page}new/"):
        assert crew.anonymous.get(path)["Location"] == f"/portal/login/?next={path}"
    assert crew.anonymous.post(revoking(crew, key)).status_code == 302
    assert list(ApiKey.objects.filter(revoked_at=None)) == [key]


def test_own_keys_are_revoked_by_anybody_and_others_by_owners_only(
    crew: RetailCast, key_of: MakeKey, page: str
) -> None:
    _, viewer_s = key_of("corner-viewer")
    _, accountant_s = key_of("corner-accountant")
    _, rival_s = key_of("rival")
    assert crew.viewer.post(revoking(crew, accountant_s)).status_code == 404
    assert crew.owner.post(revoking(crew, rival_s)).status_code == 404
    assert crew.viewer.get(revoking(crew, viewer_s)).status_code == 405
    assert crew.owner.post(f"{page}{10**25}/revoke/").status_code == 404
    assert ApiKey.objects.filter(revoked_at=None).count() == 3
    answer = crew.viewer.post(revoking(crew, viewer_s), follow=True)
    assert "the key “key of corner-viewer” opens nothing any more" in answer.content.decode()
    crew.owner.post(revoking(crew, accountant_s))
    for key, by in ((viewer_s, "corner-viewer"), (accountant_s, "corner-owner")):
        key.refresh_from_db()
        assert key.revoked_by is not None
        assert key.revoked_by.username == by
    # Once is enough.
    assert crew.viewer.post(revoking(crew, viewer_s)).status_code == 404
    changes = MembershipChange.objects.filter(kind="key-ended")
    assert [change.changed_by.username for change in changes] == ["corner-owner", "corner-viewer"]
    said = " ".join(crew.owner.get(reverse("portal-people", args=[crew.retailer.pk])).content.decode().split())
    assert "corner-owner@example.org</strong> revoked a key of <strong>corner-accountant@example.org" in said
    assert f"API key {accountant_s.pk}, “key of corner-accountant”, until" in said


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"expires_on": "soon"}, "Enter a valid date."),
        ({"expires_on": f"{TODAY - timedelta(days=2)}"}, "A key ends today or later"),
        ({"expires_on": f"{TODAY + timedelta(days=LIFE_DAYS_MAX + 2)}"}, f"within {LIFE_DAYS_MAX} days"),
    ],
)
def test_a_wrong_form_is_said_and_makes_no_key(crew: RetailCast, page: str, typed: dict[str, str], fault: str) -> None:
    answer = crew.viewer.post(f"{page}new/", {**TYPED, **typed})
    assert answer.status_code == 400
    assert fault in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_person_has_so_many_keys_and_an_ended_one_makes_room(
    crew: RetailCast, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "KEYS_MAX", 2)
    for _ in range(2):
        assert crew.viewer.post(f"{page}new/", TYPED).status_code == 200
    refused = crew.viewer.post(f"{page}new/", TYPED)
    assert refused.status_code == 400
    assert "You have 2 keys, as many as a person can have. Revoke one first." in refused.content.decode()
    assert crew.accountant.post(f"{page}new/", TYPED).status_code == 200
    crew.viewer.post(revoking(crew, ApiKey.objects.filter(membership__role=Role.VIEWER).latest("pk")))
    assert crew.viewer.post(f"{page}new/", TYPED).status_code == 200
    viewers = ApiKey.objects.filter(membership__role=Role.VIEWER)
    viewers.filter(revoked_at=None).update(expires_on=TODAY - timedelta(days=1))
    assert crew.viewer.post(f"{page}new/", TYPED).status_code == 200


def test_whoever_was_removed_makes_no_key(crew: RetailCast) -> None:
    Membership.objects.filter(user__username="corner-viewer").update(is_active=False)
    with pytest.raises(KeyRefusedError):
        make_key(Membership.objects.get(user__username="corner-viewer"), name="late", now=NOW)


def test_making_keys_is_limited(crew: RetailCast, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.keys.views.MADE_BY_MEMBER", Limit("few-keys-made", 1, 3600))
    answers = [crew.viewer.post(f"{page}new/", TYPED) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert limits.MADE_BY_MEMBER.most > operations.KEYS_MAX


def test_a_form_of_another_site_is_refused(crew: RetailCast, key_of: MakeKey, page: str) -> None:
    _, key = key_of("corner-owner")
    client = Client(enforce_csrf_checks=True)
    client.force_login(Membership.objects.get(user__username="corner-owner").user)
    assert client.post(f"{page}new/", TYPED).status_code == 403
    assert client.post(revoking(crew, key)).status_code == 403
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_a_name_is_shown_as_it_was_typed(crew: RetailCast, page: str) -> None:
    hostile = "<script>alert(1)</script>"
    made = crew.viewer.post(f"{page}new/", {**TYPED, "name": hostile})
    for answer in (made, crew.owner.get(page), crew.owner.get(reverse("portal-people", args=[crew.retailer.pk]))):
        text = answer.content.decode()
        assert hostile not in text
        assert "&lt;script&gt;alert(1)" in text


def test_an_expired_key_is_marked_on_the_page(crew: RetailCast, key_of: MakeKey, page: str) -> None:
    _, key = key_of("corner-viewer")
    ApiKey.objects.filter(pk=key.pk).update(expires_on=TODAY)
    assert "expired" not in crew.viewer.get(page).content.decode()
    ApiKey.objects.filter(pk=key.pk).update(expires_on=TODAY - timedelta(days=1))
    assert "expired" in crew.viewer.get(page).content.decode()


@pytest.mark.parametrize("count", [0, 12])
def test_the_page_takes_the_same_queries_for_few_and_for_many(
    crew: RetailCast, key_of: MakeKey, page: str, django_assert_num_queries: Any, count: int
) -> None:
    key_of("corner-viewer")
    for number in range(count):
        member = make_member(crew.retailer, Role.VIEWER, name=f"viewer-{number}")
        make_key(member, name="ERP", now=NOW)
    crew.owner.get(page)
    # Session, person, scope (2); keys: count, rows.
    with django_assert_num_queries(6):
        crew.owner.get(page)


def test_the_person_s_menu_leads_to_the_keys(crew: RetailCast, page: str) -> None:
    assert f'<a href="{page}">API keys</a>' in crew.viewer.get(page).content.decode()
    # Where no retailer is chosen, there is nothing that it could lead to.
    assert "API keys" not in crew.viewer.get(reverse("portal-retailers")).content.decode()
