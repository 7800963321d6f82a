"""Users and groups in the admin: who sees them, and that nobody raises their own rights."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import RequestFactory
from django.urls import reverse

from possys.accounts.admin import navigation
from possys.accounts.models import User
from tests.people import Cast, make_cast, make_person, signed_in

pytestmark = pytest.mark.django_db
LISTS = ("admin:accounts_user_changelist", "admin:auth_group_changelist")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.mark.parametrize("name", LISTS)
def test_only_those_with_the_right_to_look_see_people(cast: Cast, name: str) -> None:
    url = reverse(name)
    assert cast.superuser.get(url).status_code == 200
    assert cast.viewer.get(url).status_code == 200
    assert cast.without_rights.get(url).status_code == 403
    assert cast.anonymous.get(url).headers["Location"].startswith("/admin/login/")


def test_the_list_of_users_takes_the_same_queries_for_few_and_for_many(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    for count in (0, 10):
        for number in range(count):
            make_person(f"person-{number}", "view_user")
        with django_assert_num_queries(3):
            cast.superuser.get(reverse(LISTS[0]))


def test_staff_who_may_change_users_cannot_raise_their_own_rights() -> None:
    clerk = make_person("clerk", "view_user", "change_user")
    clerk.groups.add(Group.objects.create(name="clerks"))
    url = reverse("admin:accounts_user_change", args=[clerk.pk])
    answers = {"username": "clerk", "first_name": "C", "is_staff": "on", "is_active": "on", "is_superuser": "on"}
    assert signed_in(clerk).post(url, answers).status_code == 302
    clerk = User.objects.get(pk=clerk.pk)
    assert clerk.first_name == "C"
    assert not clerk.is_superuser
    assert clerk.groups.count() == 1


def test_staff_who_may_change_users_cannot_touch_a_superuser() -> None:
    boss = make_person("boss", is_superuser=True, password="boss-password")
    clerk = signed_in(make_person("clerk", "view_user", "change_user"))
    answers = {"password1": "another-password-1", "password2": "another-password-1", "usable_password": "true"}
    assert clerk.post(reverse("admin:auth_user_password_change", args=[boss.pk]), answers).status_code == 403
    assert clerk.post(reverse("admin:accounts_user_change", args=[boss.pk]), {"username": "x"}).status_code == 403
    boss.refresh_from_db()
    assert boss.check_password("boss-password")


def test_a_superuser_makes_users_and_groups_but_nobody_deletes_a_user(cast: Cast) -> None:
    answers = {"username": "new", "is_staff": "on", "password1": "a-long-password-7"}
    assert cast.superuser.post(reverse("admin:accounts_user_add"), answers).status_code == 302
    new = User.objects.get(username="new")
    assert new.is_staff
    assert not new.has_usable_password()
    assert cast.superuser.post(reverse("admin:accounts_user_add"), {"username": "NEW"}).status_code == 200
    assert cast.superuser.post(reverse("admin:auth_group_add"), {"name": "clerks"}).status_code == 302
    url = reverse("admin:accounts_user_delete", args=[new.pk])
    assert cast.superuser.post(url, {"post": "yes"}).status_code == 403


def test_groups_are_changed_by_superusers_only() -> None:
    group = Group.objects.create(name="clerks")
    clerk = signed_in(make_person("clerk", "view_group", "change_group", "add_group", "delete_group"))
    url = reverse("admin:auth_group_change", args=[group.pk])
    assert clerk.get(url).status_code == 200
    assert clerk.post(url, {"name": "bosses"}).status_code == 403
    assert clerk.post(reverse("admin:auth_group_add"), {"name": "more"}).status_code == 403
    assert [group.name for group in Group.objects.all()] == ["clerks"]


def test_the_sidebar_leads_only_where_the_person_may_go() -> None:
    request = RequestFactory().get("/admin/")
    request.user = make_person("clerk", "view_terminal")
    assert [[item["title"] for item in group["items"]] for group in navigation(request)] == [["Terminals"]]
    request.user = make_person("boss", is_superuser=True)
    groups = {str(group["title"]): group["items"] for group in navigation(request)}
    assert set(groups) >= {"Ledger", "People", "Registry"}
    assert groups["Ledger"][0]["title"] == "Is the ledger sound?"
