"""The audit log in a real browser: what an auditor reads of what was done a minute ago."""

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.contrib.auth.models import Group
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from audit.models import Act, Kind
from audit.recording import Thing, Who, record
from audit.tests.factories import publish
from possys.accounts.roles import AUDITOR, keep_roles
from tests.factories import make_retailer
from tests.people import make_person

PASSWORD = "a-password-for-browsers"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
LOOKS = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))


@pytest.fixture
def acted(ledger: redis.Redis) -> int:
    """Acts of every kind; the number of a change of a retailer."""
    keep_roles()
    make_person("auditor", password=PASSWORD).groups.set([Group.objects.get(name=AUDITOR)])
    retailer = make_retailer("Corner Shops")
    thing = Thing("transactions.retailer", str(retailer.pk), str(retailer))
    anna = Who(70, "anna", "192.0.2.7", "7f3a91c2d4e5f607", f"/admin/transactions/retailer/{retailer.pk}/change/")
    boris = Who(71, "boris", "2001:db8:7::/64", "00f1e2d3c4b5a697", "/admin/receipts/case/")
    record(Kind.COMMAND, Who(None, "unix possys (sudo by anna)", "192.0.2.7", path="db1"), said="manage.py prepare")
    record(Kind.SIGNED_IN, anna)
    record(Kind.SIGN_IN_FAILED, Who(None, "admin", "198.51.100.9", path="/admin/login/"))
    record(Kind.SEARCHED, boris, Thing("receipts.case"), said="q=DVC6-DSKT-S8C2; state__exact=received")
    record(Kind.LOOKED_AT, boris, Thing("receipts.case", "12", "DVC6-DSKT-S8C2"))
    record(Kind.REFUSED, boris, thing, said="GET 403")
    record(Kind.SENT, anna, thing, fields={"name": {"sent": "Corner & Sons"}, "tax_id": {"sent": "00-1"}})
    record(
        Kind.CHANGED, anna, thing, reason="Renamed in the trade register of 28 November, letter 4711",
        fields={"name": {"before": "Corner Shops", "after": "Corner & Sons"}},
    )  # fmt: skip
    number = Act.objects.latest("number").number
    record(Kind.DOWNLOADED, anna, Thing("audit.act"), said='attachment; filename="acts.csv"; by=boris')
    publish()
    return number


def test_an_auditor_reads_what_was_done_and_what_vouches_for_it(
    acted: int,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    check_accessible: Callable[..., None],
    live_server: LiveServer,
) -> None:
    wide = []
    for width, scheme in LOOKS:
        page = open_page(scheme=scheme)
        page.goto("/admin/")
        page.fill("[name=username]", "auditor")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_selector("#main")
        page.set_viewport_size({"width": width, "height": 900})
        for name, path in (
            ("list", "audit/act/"),
            ("narrowed", "audit/act/?by=anna&kind__exact=changed"),
            ("act", f"audit/act/{acted}/change/"),
        ):
            page.goto(f"/admin/{path}")
            shoot(page, f"audit-{name}-{width}-{scheme}")
            if page.evaluate(TOO_WIDE):
                wide.append(f"{name} at {width}")
            if width == LOOKS[0][0] or scheme == "dark":
                check_accessible(page, f"audit {name} {width} {scheme}")
        shown = page.inner_text("#main")
        for text in ("Corner & Sons", "letter 4711", "Its leaf in the log", "192.0.2.7"):
            assert text in shown, text
    assert wide == []
