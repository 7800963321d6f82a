"""API keys in the admin: to look at and to revoke, never to make, change or read."""

from typing import Any

import pytest
from django.urls import reverse

from portal.keys.models import ApiKey
from portal.keys.tests.conftest import MakeKey
from portal.models import MembershipChange
from tests.cast import RetailCast
from tests.people import Cast, make_cast, make_person, signed_in

LIST = reverse("admin:portal_apikey_changelist")


@pytest.fixture
def staff(db: None) -> Cast:
    return make_cast()


def test_only_those_with_the_right_see_the_keys_and_nobody_reads_one(
    staff: Cast, crew: RetailCast, key_of: MakeKey
) -> None:
    token, key = key_of("corner-viewer")
    one = reverse("admin:portal_apikey_change", args=[key.pk])
    for url in (LIST, one):
        for client in (staff.superuser, staff.viewer):
            text = client.get(url).content.decode()
            assert "key of corner-viewer" in text
            assert token.partition(".")[2] not in text
            assert bytes(key.secret_hash).hex() not in text
        assert staff.without_rights.get(url).status_code == 403
        assert crew.owner.get(url).status_code == 302
        assert staff.anonymous.get(url).status_code == 302
    assert staff.superuser.get(reverse("admin:portal_apikey_add")).status_code == 403
    assert staff.superuser.post(one, {"name": "mine"}).status_code == 403
    delete = reverse("admin:portal_apikey_delete", args=[key.pk])
    assert staff.superuser.post(delete, {"post": "yes"}).status_code == 403


def test_staff_with_the_right_revoke_and_the_retailer_sees_who_did(
    staff: Cast, crew: RetailCast, key_of: MakeKey
) -> None:
    keys = [key_of(name)[1] for name in ("corner-viewer", "rival")]
    chosen = {"action": "revoke", "_selected_action": [key.pk for key in keys]}
    staff.viewer.post(LIST, chosen)
    assert ApiKey.objects.filter(revoked_at=None).count() == 2
    helper = signed_in(make_person("helper", "view_apikey", "change_apikey"))
    answer = helper.post(LIST, chosen, follow=True)
    assert "Revoked, and refused from now on: 2." in answer.content.decode()
    assert not ApiKey.objects.filter(revoked_at=None).exists()
    changes = MembershipChange.objects.filter(kind="key-ended", is_by_staff=True, changed_by__username="helper")
    assert changes.count() == 2


def test_the_list_takes_the_same_queries_for_few_and_for_many(
    staff: Cast, crew: RetailCast, key_of: MakeKey, django_assert_num_queries: Any
) -> None:
    key_of("corner-viewer")
    staff.superuser.get(LIST)
    for names in ((), ("corner-owner", "corner-accountant", "rival")):
        for name in names:
            key_of(name)
        with django_assert_num_queries(3):
            staff.superuser.get(LIST)
