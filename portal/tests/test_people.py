"""The people page: what an owner sees and does, and that the answers tell nothing about strangers."""

from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from portal.limits import INVITATIONS
from portal.models import Membership
from portal.rights import Role
from possys.accounts.models import User
from possys.limits import Limit
from tests.cast import RetailCast, make_member

pytestmark = pytest.mark.usefixtures("limits", "mailed_at_once")


@pytest.fixture
def people(cast: RetailCast) -> str:
    return reverse("portal-people", args=[cast.retailer.pk])


def page_of(name: str) -> str:
    membership = Membership.objects.get(user__username=name)
    return reverse("portal-member", args=[membership.retailer_id, membership.pk])


def test_owners_see_everybody_with_role_and_stores_and_nobody_of_others(cast: RetailCast, people: str) -> None:
    text = cast.owner.get(people).content.decode()
    for name in ("owner", "accountant", "store-manager", "viewer"):
        assert f"corner-{name}@example.org" in text
    assert "High Street, Mill Lane" in " ".join(text.split())
    assert "rival@example.org" not in text


@pytest.mark.parametrize("count", [0, 15])
def test_the_page_takes_the_same_queries_for_few_and_for_many(
    cast: RetailCast, people: str, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        make_member(cast.retailer, Role.STORE_MANAGER, name=f"manager-{number}", stores=cast.stores[:2])
    cast.owner.get(people)
    # Session, person, scope (2); members: count, rows, stores; changes: count, rows.
    with django_assert_num_queries(9):
        cast.owner.get(people)


def test_an_invitation_is_answered_alike_whether_the_address_is_known_or_not(cast: RetailCast, people: str) -> None:
    answers = []
    for address in ("new@example.org", "stranger@example.org"):
        answer = cast.owner.post(f"{people}invite/", {"email": address, "role": "viewer"}, follow=True)
        text = answer.content.decode()
        assert f"{address} gets in now, and is told so by mail." in text
        answers.append(text.replace(address, "").count("gets in"))
    assert answers[0] == answers[1]
    new, known = mail.outbox
    assert new.to == ["new@example.org"]
    assert "/portal/password/set/" in new.body
    assert "/portal/password/set/" in known.body  # This stranger has no password either.
    assert Membership.objects.get(user__email="stranger@example.org").retailer == cast.retailer


def test_who_has_a_password_is_led_to_the_login_and_staff_get_no_link(
    cast: RetailCast, people: str, cheap_passwords: None
) -> None:
    stranger, staff = (User.objects.get(username=name) for name in ("stranger", "staff-superuser"))
    stranger.set_password("something-long")
    stranger.save()
    staff.email = "staff@example.org"
    staff.save()
    for address in ("stranger@example.org", "staff@example.org"):
        cast.owner.post(f"{people}invite/", {"email": address, "role": "viewer"})
    assert len(mail.outbox) == 2
    for one in mail.outbox:
        assert "/portal/login/" in one.body
        assert "/portal/password/set/" not in one.body
        assert one.subject == "You can see Corner Shops at Possys"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"email": "", "role": "viewer"}, "This field is required."),
        ({"email": "no address", "role": "viewer"}, "Enter a valid email address."),
        ({"email": f"{'x' * 150}@example.org", "role": "viewer"}, "at most 150 characters"),
        ({"email": "new@example.org"}, "This field is required."),
        ({"email": "new@example.org", "role": "king"}, "Select a valid choice."),
        ({"email": "new@example.org", "role": "store_manager"}, "A store manager needs at least one store."),
        ({"email": "corner-viewer@example.org", "role": "viewer"}, "This person gets in already, as viewer."),
    ],
)
def test_a_wrong_invitation_is_said_and_lets_nobody_in(
    cast: RetailCast, people: str, typed: dict[str, str], fault: str
) -> None:
    before = Membership.objects.count(), User.objects.count()
    answer = cast.owner.post(f"{people}invite/", typed)
    assert answer.status_code == 400
    assert fault in answer.content.decode()
    assert (Membership.objects.count(), User.objects.count()) == before
    assert mail.outbox == []


def test_a_rival_s_store_cannot_be_chosen(cast: RetailCast, people: str) -> None:
    typed = {"email": "new@example.org", "role": "store_manager", "stores": [cast.rival_store.pk]}
    answer = cast.owner.post(f"{people}invite/", typed)
    assert answer.status_code == 400
    assert "Lake Road" not in answer.content.decode()


def test_an_owner_changes_role_and_stores(cast: RetailCast, people: str) -> None:
    typed = {"role": "store_manager", "stores": [cast.stores[2].pk]}
    answer = cast.owner.post(page_of("corner-viewer"), typed, follow=True)
    text = " ".join(answer.content.decode().split())
    assert "Saved: corner-viewer@example.org is store manager." in text
    assert "Viewer → Store manager: Oak Avenue" in text
    # Stores that stay ticked are let go with the role.
    cast.owner.post(page_of("corner-viewer"), {"role": "viewer", "stores": [cast.stores[2].pk]})
    assert list(Membership.objects.get(user__username="corner-viewer").stores.all()) == []
    wrong = cast.owner.post(page_of("corner-viewer"), {"role": "store_manager"})
    assert wrong.status_code == 400
    assert "A store manager needs at least one store." in wrong.content.decode()


def test_the_last_owner_is_told_why_not(cast: RetailCast, people: str) -> None:
    for answer in (
        cast.owner.post(page_of("corner-owner"), {"role": "viewer"}),
        cast.owner.post(f"{page_of('corner-owner')}remove/"),
    ):
        assert answer.status_code == 400
        assert "This is the last owner. Make somebody else an owner first." in answer.content.decode()
    assert cast.owner.get(people).status_code == 200


def test_who_is_removed_is_out_and_can_be_invited_again(cast: RetailCast, no_services: Any, people: str) -> None:
    cast.owner.post(f"{page_of('corner-viewer')}remove/")
    home = reverse("portal-home", args=[cast.retailer.pk])
    assert cast.viewer.get(home).status_code == 404
    assert cast.owner.get(page_of("corner-viewer")).status_code == 404
    cast.owner.post(f"{people}invite/", {"email": "corner-viewer@example.org", "role": "accountant"})
    assert cast.viewer.get(home).status_code == 200


def test_a_member_of_another_retailer_is_not_there(cast: RetailCast) -> None:
    rival = Membership.objects.get(user__username="rival")
    url = reverse("portal-member", args=[cast.retailer.pk, rival.pk])
    assert cast.owner.get(url).status_code == 404
    assert cast.owner.post(url, {"role": "viewer"}).status_code == 404
    assert cast.owner.post(f"{url}remove/").status_code == 404
    rival.refresh_from_db()
    assert (rival.role, rival.is_active) == (Role.OWNER, True)


def test_removing_takes_no_get(cast: RetailCast) -> None:
    assert cast.owner.get(f"{page_of('corner-viewer')}remove/").status_code == 405


def test_invitations_are_limited(cast: RetailCast, people: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert INVITATIONS.guards
    monkeypatch.setattr("portal.limits.INVITATIONS", Limit("few-invitations", 1, 600, guards=True))
    answers = [
        cast.owner.post(f"{people}invite/", {"email": f"new-{number}@example.org", "role": "viewer"})
        for number in range(2)
    ]
    assert [answer.status_code for answer in answers] == [302, 429]
    assert not User.objects.filter(email="new-1@example.org").exists()


def test_without_a_broker_the_person_gets_in_and_the_owner_is_told(
    cast: RetailCast, people: str, broker_away: None
) -> None:
    answer = cast.owner.post(f"{people}invite/", {"email": "new@example.org", "role": "viewer"}, follow=True)
    assert "the mail cannot be sent just now" in answer.content.decode()
    assert Membership.objects.filter(user__email="new@example.org", is_active=True).exists()
