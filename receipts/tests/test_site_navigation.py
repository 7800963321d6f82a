"""The header of the customer's site leads to what services register, and nowhere else."""

import pytest
from django.test import Client
from django.utils.translation import gettext_lazy as _

from receipts import site_navigation


@pytest.fixture(autouse=True)
def _own_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_navigation, "_entries", {})


def test_links_stand_in_the_order_of_their_ranks() -> None:
    site_navigation.register("Reports", "report", 20)
    site_navigation.register("Search", "search", 10)
    site_navigation.register("Search again", "search", 30)
    assert [(link.label, link.url) for link in site_navigation.links("/")] == [
        ("Reports", "/report/"),
        ("Search again", "/search/"),
    ]


def test_the_longest_address_that_fits_is_the_current_page() -> None:
    site_navigation.register("Home", "find", 1)
    site_navigation.register("Search", "search", 2)
    assert [link.is_current for link in site_navigation.links("/search/")] == [False, True]
    assert [link.is_current for link in site_navigation.links("/report/")] == [True, False]


def test_the_header_has_no_links_without_services_and_each_in_the_page_s_language(client: Client) -> None:
    assert b"site-links" not in client.get("/").content
    site_navigation.register(_("Check a receipt"), "search", 1)
    assert "site-links" in client.get("/?lang=cs").content.decode()
    assert ">Check a receipt</a></li>" not in client.get("/?lang=cs").content.decode()
