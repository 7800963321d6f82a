"""Retailers' people in the admin: staff let the first owner in, under the same rules as the retailer's own page."""

from typing import Any

import pytest
from django.urls import reverse

from portal.models import Membership, MembershipChange
from portal.rights import Role
from tests.cast import RetailCast, make_member, make_user
from tests.people import Cast, make_cast
from transactions.models import Retailer

LIST = reverse("admin:portal_membership_changelist")
ADD = reverse("admin:portal_membership_add")
NO_ROWS = {"changes-TOTAL_FORMS": "0", "changes-INITIAL_FORMS": "0"}


@pytest.fixture
def staff(db: None) -> Cast:
    return make_cast()


def page_of(name: str) -> str:
    return reverse("admin:portal_membership_change", args=[Membership.objects.get(user__username=name).pk])


def test_only_those_with_the_right_see_it(staff: Cast, cast: RetailCast) -> None:
    for url in (LIST, page_of("corner-viewer")):
        assert staff.superuser.get(url).status_code == 200
        assert staff.viewer.get(url).status_code == 200
        assert staff.without_rights.get(url).status_code == 403
        assert cast.owner.get(url).status_code == 302
        assert staff.anonymous.get(url).status_code == 302
    assert staff.viewer.get(ADD).status_code == 403
    assert staff.viewer.post(page_of("corner-viewer"), {"role": "owner"}).status_code == 403
    delete = reverse("admin:portal_membership_delete", args=[Membership.objects.get(user__username="corner-viewer").pk])
    assert staff.superuser.post(delete, {"post": "yes"}).status_code == 403


def test_the_list_takes_the_same_queries_for_few_and_for_many(
    staff: Cast, cast: RetailCast, django_assert_num_queries: Any
) -> None:
    for count in (0, 10):
        for number in range(count):
            make_member(cast.retailer, Role.VIEWER, name=f"viewer-{number}")
        with django_assert_num_queries(3):
            staff.superuser.get(LIST)


def test_the_first_owner_of_a_retailer_is_made_here_and_kept_as_staff_s_doing(staff: Cast) -> None:
    retailer = Retailer.objects.create(name="New Foods", tax_id="NEW-1")
    user = make_user("first")
    answers = {"user": user.pk, "retailer": retailer.pk, "role": "owner"}
    assert staff.superuser.post(ADD, answers).status_code == 302
    made = Membership.objects.get(user=user)
    assert (made.role, made.is_active) == (Role.OWNER, True)
    change = MembershipChange.objects.get(membership=made)
    assert (change.kind, change.is_by_staff, change.changed_by.username) == ("given", True, "superuser")
    again = staff.superuser.post(ADD, answers)
    assert again.status_code == 200
    assert "already exists" in again.content.decode()


@pytest.mark.parametrize(
    ("name", "answers", "fault"),
    [
        ("corner-owner", {"role": "viewer", "is_active": "on"}, "This is the last owner."),
        ("corner-owner", {"role": "owner"}, "This is the last owner."),
        ("corner-viewer", {"role": "store_manager", "is_active": "on"}, "A store manager needs at least one store."),
    ],
)
def test_the_rules_are_those_of_the_retailer_s_page(
    staff: Cast, cast: RetailCast, name: str, answers: dict[str, str], fault: str
) -> None:
    answer = staff.superuser.post(page_of(name), {**answers, **NO_ROWS})
    assert answer.status_code == 200
    assert fault in answer.content.decode()


def test_staff_change_remove_and_let_in_again(staff: Cast, cast: RetailCast) -> None:
    url = page_of("corner-viewer")
    rival = {"role": "store_manager", "stores": [cast.rival_store.pk], "is_active": "on", **NO_ROWS}
    assert "Not one of the retailer" in staff.superuser.post(url, rival).content.decode()
    for answers in (
        {"role": "store_manager", "stores": [cast.stores[0].pk], "is_active": "on"},
        {"role": "store_manager", "stores": [cast.stores[0].pk]},
        {"role": "accountant", "is_active": "on"},
    ):
        assert staff.superuser.post(url, {**answers, **NO_ROWS}).status_code == 302
    viewer = Membership.objects.get(user__username="corner-viewer")
    assert (viewer.role, viewer.is_active, viewer.stores.count()) == (Role.ACCOUNTANT, True, 0)
    kinds = viewer.changes.filter(is_by_staff=True).values_list("kind", flat=True)
    assert list(kinds) == ["given", "removed", "changed"]
