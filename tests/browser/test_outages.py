"""Staff declare an outage in a real browser and end it, on a desk and on a telephone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from possys import clock
from tests.browser.test_admin import TOO_WIDE
from tests.people import make_person, signed_in
from transactions.outages import Outage, OutageStep
from transactions.stream import OUTAGE_KEY

WIDTHS = (1280, 390)


@pytest.fixture
def admin(ledger: redis.Redis, open_page: Callable[..., Page], live_server: LiveServer, settings: Any) -> Page:
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"}}
    cookie = signed_in(make_person("boss", is_superuser=True)).cookies["sessionid"].value
    page = open_page()
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    return page


def test_an_outage_is_declared_told_and_ended(
    admin: Page, ledger: redis.Redis, shoot: Callable[[Page, str], Path]
) -> None:
    too_wide = []

    def seen(name: str) -> None:
        for width in WIDTHS:
            admin.set_viewport_size({"width": width, "height": 900})
            shoot(admin, f"outage-{name}-{width}")
            if admin.evaluate(TOO_WIDE):
                too_wide.append(f"{name} at {width}")
        admin.set_viewport_size({"width": WIDTHS[0], "height": 900})

    admin.goto("/admin/transactions/outage/add/")
    began = clock.utc(clock.now_ms()) + timedelta(hours=1)
    admin.fill("[name=began_at_0]", f"{began:%Y-%m-%d}")
    admin.fill("[name=began_at_1]", f"{began:%H:%M:%S}")
    admin.fill("[name=reason]", "Both power supplies of the first data centre failed")
    admin.click("[name=_save]")
    expect(admin.locator("#main")).to_contain_text("It cannot begin later than now.")
    seen("declared-wrongly")
    began -= timedelta(hours=3)
    admin.fill("[name=began_at_0]", f"{began:%Y-%m-%d}")
    admin.fill("[name=began_at_1]", f"{began:%H:%M:%S}")
    seen("declaring")
    admin.click("[name=_save]")
    expect(admin.locator("#result_list")).to_contain_text("goes on")
    assert ledger.exists(OUTAGE_KEY)
    seen("list")
    admin.goto(f"/admin/transactions/outage/{Outage.objects.get().pk}/change/")
    seen("open")
    admin.click("a:has-text('Say when it ended'):visible")
    admin.fill("[name=reason]", "Power is back")
    seen("ending")
    admin.get_by_role("button", name="Save the end").click()
    expect(admin.locator("#main")).to_contain_text("Power is back")
    seen("ended")
    assert not ledger.exists(OUTAGE_KEY)
    assert (Outage.objects.get().ended_at is not None, OutageStep.objects.count()) == (True, 2)
    assert too_wide == []
