"""Pages of the admin with much on them, on a light desk and a dark telephone: they fit and keep the rules."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from audit.models import Act
from audit.tests.factories import make_acts
from ledger.backups.models import BackupRun
from lottery.tests.factories import make_draw
from possys.clock import now_ms, utc
from tests.factories import make_terminals
from tests.people import make_person, signed_in

WIDTHS_PX = {"light": 1280, "dark": 390}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# Words that their box cuts off, and a title that lies under the buttons beside it.
CUT_OFF = """() => [...document.querySelectorAll('#content td')]
  .filter((cell) => cell.offsetHeight && cell.scrollHeight > cell.clientHeight + 1).map((cell) => cell.innerText)"""
COVERED = """() => {
  const title = document.querySelector('#header-inner h1').getBoundingClientRect();
  const buttons = document.querySelector('#header-inner ul.container')?.getBoundingClientRect();
  return !!buttons && buttons.width > 0 && buttons.left < title.right && buttons.top < title.bottom
    && title.top < buttons.bottom;
}"""
LONG = "the stream does not reach back to the copy in 2 shards (as 20): raise STREAM_KEPT_S, or have the WAL kept"


@pytest.fixture
def places(ledger: Any) -> dict[str, str]:
    """The pages, with rows as long as they come."""
    make_acts(3)
    now = utc(now_ms())
    run = BackupRun.objects.create(
        kind=BackupRun.Kind.DRILL, started_at=now - timedelta(seconds=5), ended_at=now, is_well=False,
        name="20261130T181817Z-full", bytes=193_797_716, said=f"backup     x\nverdict    NOT WELL: {LONG}",
    )  # fmt: skip
    till = make_terminals()[0]
    draft = make_draw()
    return {
        "acts": "audit/act/",
        "act": f"audit/act/{Act.objects.latest('number').number}/change/",
        "backups": "ledger/backuprun/",
        "backup": f"ledger/backuprun/{run.pk}/change/",
        "none": "receipts/case/",
        "tills": "transactions/terminal/",
        "till": f"transactions/terminal/{till.number}/change/",
        "draft": f"lottery/draw/{draft.pk}/change/",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_breaks_no_rule(
    places: dict[str, str],
    open_page: Callable[..., Page],
    live_server: LiveServer,
    shoot: Callable[[Page, str], Path],
    check_accessible: Callable[[Page, str], None],
    scheme: str,
) -> None:
    page = open_page(scheme=scheme)
    cookie = signed_in(make_person("boss", is_superuser=True)).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.set_viewport_size({"width": WIDTHS_PX[scheme], "height": 900})
    wrong: list[str] = []
    for name, place in places.items():
        page.goto(f"/admin/{place}")
        seen = f"{name} {scheme}"
        shoot(page, f"lists-{name}-{scheme}")
        wrong += [f"{seen} is too wide"] if page.evaluate(TOO_WIDE) else []
        wrong += [f"{seen} cuts off {text!r}" for text in page.evaluate(CUT_OFF)]
        wrong += [f"{seen} covers its title"] if page.evaluate(COVERED) else []
        try:
            check_accessible(page, seen)
        except AssertionError as fault:
            wrong.append(str(fault))
    assert wrong == []
    page.goto("/admin/receipts/case/")
    expect(page.get_by_role("heading", name="There are no customers' reports yet")).to_be_visible()
    page.goto("/admin/receipts/case/?q=0000")
    expect(page.get_by_role("link", name="Show all customers' reports")).to_be_visible()
