"""The admin's first page, staff's search and the public status page, on a desk and a telephone, light and dark."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ledger.log.checkpointer import catch_up
from possys import pulse
from possys.clock import now_ms, utc
from possys.pulse import REQUEST_SECONDS
from status import report
from status.counting import count_registry
from status.folding import BEAT, fold
from status.models import StatusDay, StatusMinute
from status.tests.counts import count_minute
from tests.people import make_person
from tests.tills import Till
from transactions.outages import Outage

PASSWORD = "a-password-for-browsers"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def at_work(till: Till, flush_everything: Callable[[], Any]) -> str:
    """Sales, recorded and signed for, and an hour of counts; the code of one of the sales."""
    make_person("boss", is_superuser=True, password=PASSWORD)
    till.send_batch(till.sales(20))
    code = str(till.send(till.sale()).json()["code"])
    flush_everything()
    catch_up()
    till.send(till.sale())
    running = utc(now_ms()).replace(second=0, microsecond=0)
    for ago in range(1, 60):
        seconds = 0.03 if ago != 20 else 0.4
        at = running - timedelta(minutes=ago)
        count_minute(
            at, seconds=seconds, accepted=6000 + 50 * (ago % 7), refused=9, waiting=20 * (ago == 20), offline=300
        )
        StatusMinute.objects.create(
            minute=at - timedelta(hours=1),
            asked=600,
            accepted=590,
            offline=20,
            waits=1,
            p50_ms=12,
            p95_ms=40,
            p99_ms=85,
        )
    pulse.add(BEAT)
    pulse.observe(REQUEST_SECONDS, 0.02, area="capture")
    pulse.push()
    for ago in range(1, 80):
        bad = {3: 40, 17: 5, 18: 2}.get(ago, 0)
        day = (running - timedelta(days=ago)).date()
        StatusDay.objects.create(day=day, good=1430 - bad, bad=bad, idle=10, unknown=0, asked=9, waits=0)
    count_registry()
    fold(now_ms())
    report.forget()
    return code


@pytest.fixture
def signed_in(open_page: Callable[..., Page]) -> Callable[..., Page]:
    def sign_in(**how: str) -> Page:
        page = open_page(**how)
        page.goto("/admin/")
        page.fill("[name=username]", "boss")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_selector("text=Waiting for the ledger")
        return page

    return sign_in


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_the_first_page_shows_the_fleet_and_finds_a_receipt(
    at_work: str,
    signed_in: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    check_accessible: Callable[..., None],
    size: str,
    scheme: str,
) -> None:
    page = signed_in(size=size, scheme=scheme)
    text = page.inner_text("#main")
    for word in (
        "No alarm",
        "a second now",
        "p99, last 5 min",
        "refused",
        "shards stopped",
        "last checkpoint",
        "active",
    ):
        assert word in text
    shoot(page, f"home-{size}-{scheme}")
    assert not page.evaluate(TOO_WIDE)
    check_accessible(page, f"home-{size}-{scheme}")
    # The page's own script brings what has happened since.
    Outage.objects.create(began_at=utc(now_ms()), kind=Outage.Kind.OUTAGE, reason="a digger", declared_by="x")
    expect(page.locator(".home-alarm")).to_contain_text("a digger", timeout=60_000)
    page.fill("[name=q]", at_work.lower().replace("-", " "))
    page.press("[name=q]", "Enter")
    page.wait_for_selector(f"text={at_work}")
    assert "/admin/ledger/entry/" in page.url


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_the_status_page_answers_first_and_keeps_what_was_opened(
    at_work: str,
    open_page: Callable[..., Page],
    shoot: Callable[[Page, str], Path],
    check_accessible: Callable[..., None],
    size: str,
    scheme: str,
) -> None:
    page = open_page(size=size, scheme=scheme)
    page.goto("/status/?lang=en")
    expect(page.locator(".status-word")).to_have_text("Yes.")
    shoot(page, f"status-{size}-{scheme}")
    page.click("summary >> nth=0")
    page.click("summary >> nth=1")
    assert not page.evaluate(TOO_WIDE)
    check_accessible(page, f"status-{size}-{scheme}")


def test_both_work_without_scripts(at_work: str, open_page: Callable[..., Page]) -> None:
    page = open_page(javascript=False)
    page.goto("/status/")
    assert "Yes." in page.inner_text("main")
    assert page.locator("svg[role=img]").count() == 2
