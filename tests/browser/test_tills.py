"""Tills in a real browser: a file is checked and enrolled, codes are printed, a till is suspended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from fleet.models import Import
from fleet.running import next_chunk
from fleet.service import SERVICE
from fleet.tests.files import csv_of, now, through, till
from portal.rights import Role
from tests.browser.test_receipt_pages import fits
from tests.cast import make_member
from tests.factories import make_retailer
from tests.people import signed_in
from transactions.models import Life, Terminal

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
FORMS = [form.key for form in SERVICE.forms]


class Tills:
    """A new retailer with an owner."""

    def __init__(self, open_page: OpenPage, url: str) -> None:
        self.retailer = make_retailer("Corner Shops")
        self.owner = make_member(self.retailer, Role.OWNER, name="owner")
        self._open_page, self._url = open_page, url

    def page(self, **look: Any) -> Page:
        """The owner's browser."""
        page = self._open_page(**look)
        cookie = signed_in(self.owner.user).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self._url}])
        return page

    def path(self, key: str) -> str:
        """An address of the service."""
        return f"/portal/{self.retailer.pk}/tills/{key}"


@pytest.fixture
def tills(transactional_db: None, store: object, live_server: LiveServer, open_page: OpenPage) -> Tills:
    return Tills(open_page, live_server.url)


def upload(page: Page, tills: Tills, path: Path) -> None:
    """A file of three tills and two faulty rows, from the page without any till."""
    owner: tuple[str, ...] = ()
    rows = [till(owner=owner, label=f"till {number}") for number in range(3)]
    rows += [till(owner=owner, label=""), till(owner=owner, store="")]
    path.write_bytes(csv_of(rows, is_one_retailers=True))
    page.goto(tills.path(""))
    page.get_by_role("link", name="Upload a file").click()
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Waits for its turn")).to_be_visible()


def test_a_file_is_checked_enrolled_and_its_codes_printed(
    tills: Tills, tmp_path: Path, shoot: Shoot, check_accessible: Callable[..., None]
) -> None:
    page = tills.page()
    upload(page, tills, tmp_path / "our tills.csv")
    # The page looks by itself, and learns of the end.
    through(Import.objects.get())
    expect(page.get_by_text("3 tills would be, 2 rows are faulty")).to_be_visible(timeout=10_000)
    shoot(page, "tills-file")
    with page.expect_download() as download:
        page.get_by_role("link", name="Faulty rows").click()
    assert "Give the till a name" in download.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Enrol 3 tills now").click()
    expect(page.get_by_text("Waits for its turn")).to_be_visible()
    through(Import.objects.latest("pk"))
    expect(page.get_by_text("3 tills are enrolled")).to_be_visible(timeout=10_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="One-time codes").click()
    assert download.value.path().read_text().count("/E/") == 3
    page.get_by_role("link", name="Look at the tills").click()
    page.get_by_role("link", name="till 1").click()
    page.get_by_role("link", name="New enrolment code").click()
    page.get_by_role("button", name="Make the codes").click()
    expect(page.locator("svg.qr")).to_have_count(1)
    check_accessible(page, "tills-codes")


def test_a_till_is_suspended_with_a_reason(tills: Tills, shoot: Shoot) -> None:
    through(make_import(tills))
    page = tills.page()
    page.goto(tills.path(f"till/?till={Terminal.objects.get(label='till 1', store__reference='12').number}"))
    page.get_by_role("link", name="Change its state").click()
    page.get_by_label("They become").select_option("active")
    page.get_by_label("Why").fill("the printer is repaired")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("till 1 is active now.")).to_be_visible()
    expect(page.get_by_role("cell", name="the printer is repaired")).to_be_visible()
    shoot(page, "tills-till")


def make_import(tills: Tills) -> Import:
    """A file of some stores and tills, uploaded."""
    from fleet.uploads import Uploaded, keep_file

    shops = {"12": "Mill Lane", "13": "High Street", "14": "A store whose name is rather long, at the old station"}
    rows = [till(store, f"till {number}", owner=(), name=name) for store, name in shops.items() for number in range(2)]
    asked = Uploaded("tills of spring.csv", tills.retailer, Life.ENROLLED, False, "member 1 of retailer 1")
    return keep_file([csv_of(rows, is_one_retailers=True)], asked, now())


@pytest.mark.parametrize("size", ["narrow", "desktop"])
def test_every_page_fits_and_keeps_the_rules(
    tills: Tills, shoot: Shoot, check_accessible: Callable[..., None], size: str
) -> None:
    run = make_import(tills)
    next_chunk(run.pk, now())
    page = tills.page(size=size, scheme="dark" if size == "narrow" else "light")
    number = Terminal.objects.order_by("number")[0].number
    places = {
        **{f"form-{form}": f"{form}/" for form in FORMS},
        "tills": "tills/", "stores": "stores/", "imports": "imports/", "till": f"till/?till={number}",
        "store": f"store/?store={Terminal.objects.get(pk=number).store_id}", "import": f"import/?id={run.pk}",
        "import-new": "import/new/", "codes-new": "codes/",
    }  # fmt: skip
    for name, place in places.items():
        page.goto(tills.path(place))
        shoot(page, f"tills-{name}-{size}")
        assert fits(page), name
        check_accessible(page, f"tills-{name}")
    page.get_by_role("button", name="Make the codes").click()
    shoot(page, f"tills-codes-{size}")
    assert fits(page)
