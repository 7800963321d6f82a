"""Staff with the right choose what a store is; others do not."""

import pytest

from analytics.models import ChosenKind
from analytics.peers.tests.conftest import Shop
from tests.people import Cast, make_cast

LIST = "/admin/analytics/chosenkind/"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_staff_choose_change_and_take_back(cast: Cast, shop: Shop) -> None:
    store = shop(1, sells=False).pk
    assert cast.superuser.post(f"{LIST}add/", {"store": store, "name": "Pharmacy"}).status_code == 302
    assert ChosenKind.objects.get().name == "Pharmacy"
    assert cast.superuser.post(f"{LIST}{store}/change/", {"name": "Kiosk"}).status_code == 302
    assert list(ChosenKind.objects.values_list("store", "name")) == [(store, "Kiosk")]
    assert "Kiosk" in cast.superuser.get(LIST).content.decode()
    assert cast.superuser.post(f"{LIST}{store}/delete/", {"post": "yes"}).status_code == 302
    assert not ChosenKind.objects.exists()


def test_a_store_must_exist_and_a_kind_have_words(cast: Cast, shop: Shop) -> None:
    store = shop(1, sells=False).pk
    page = cast.superuser.post(f"{LIST}add/", {"store": store + 1, "name": "Pharmacy"})
    assert "There is no store with this number." in page.content.decode()
    assert cast.superuser.post(f"{LIST}add/", {"store": store, "name": "  "}).status_code == 200
    assert not ChosenKind.objects.exists()


def test_others_do_not(cast: Cast, shop: Shop) -> None:
    store = shop(1, sells=False).pk
    for client, status in ((cast.without_rights, 403), (cast.anonymous, 302)):
        assert client.get(LIST).status_code == status
        assert client.post(f"{LIST}add/", {"store": store, "name": "Pharmacy"}).status_code == status
    assert cast.viewer.post(f"{LIST}add/", {"store": store, "name": "Pharmacy"}).status_code == 403
    assert not ChosenKind.objects.exists()
