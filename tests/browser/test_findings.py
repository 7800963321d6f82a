"""Findings in a real browser: an inspector works through them, a retailer answers; pictures of every kind."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from findings import operations
from findings.evidence import ConflictEvidence, GapEvidence, Spot
from findings.models import Finding, Sweep
from findings.pages.tests.found import KINDS, make_finding, rfc
from ledger.models import Entry, MarkedRecord
from portal.rights import Role
from possys.clock import now_ms, utc
from tests.browser.test_receipt_pages import fits
from tests.cast import make_member
from tests.factories import make_line, make_retailer, make_store, make_terminals, moment
from tests.people import make_person, signed_in
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
Check = Callable[[Page, str], None]
HEIGHT = 900
MILK = make_line()
HAM = make_line(sku="B-7", gtin=None, name="Ham, sliced", quantity="0.312", unit="kg", unit_price=None, amount=5220)
ROLL = make_line(sku="C-1", gtin=None, name="Roll", quantity="4.000", unit_price="250", amount=1000)
ADMIN = "/admin/findings/finding/"


class Scene:
    """A shop with a till that left numbers out and sent one twice, and a finding of every kind about it."""

    def __init__(self, open_page: OpenPage, url: str, flush: Callable[[], object]) -> None:
        self._open_page, self._url = open_page, url
        self.retailer = make_retailer("Corner Shops", tax_id="CZ12345678")
        self.store = make_store(self.retailer, name="High Street")
        self.terminal = make_terminals(self.store, 1)[0]
        self.people = {
            "inspector": make_person("inspector", is_superuser=True),
            "auditor": make_person("auditor", "view_finding", "view_findingnote"),
            "owner": make_member(self.retailer, Role.OWNER, name="owner").user,
        }
        self.now = utc(now_ms())
        self.till = Till(self.terminal)
        self.findings = {kind: make_finding(kind, self.terminal) for kind in KINDS if kind not in {"gap", "conflict"}}
        self._send(flush)
        self.findings["gap"] = make_finding("gap", self.terminal, evidence=self._gap())
        self.findings["conflict"] = make_finding("conflict", self.terminal, evidence=self._conflict())
        self._talk()

    def _send(self, flush: Callable[[], object]) -> None:
        at = moment()
        for sequence in (1, 2, 6, 7):
            self.till.send(self.till.sale(sequence=sequence, lines=[MILK, HAM], issued_at=at))
        flush()
        other = self.till.sale(sequence=7, issued_at=at, lines=[MILK, {**HAM, "amount": 3220}, ROLL], operator="8")
        self.till.send({**other, "payments": [{"method": "card", "amount": other["total"]}]})
        flush()

    def _gap(self) -> GapEvidence:
        before, after = (
            Entry.objects.get(identity=self.terminal.number << 29 | number).issued_at for number in (2, 6)
        )  # fmt: skip
        return GapEvidence(
            extent=3, ranges=[(3, 5)], missing=3, seen_at=rfc(self.now), issued_after=rfc(before),
            issued_before=rfc(after), due_at=rfc(self.now - timedelta(hours=1)), is_overdue=True,
        )  # fmt: skip

    def _conflict(self) -> ConflictEvidence:
        mark = MarkedRecord.objects.get()
        assert mark.first_block is not None
        assert mark.first_position is not None
        return ConflictEvidence(
            extent=1, sequence=7, shard=mark.shard,
            first=Spot(str(mark.first_sealed_on), mark.first_block, mark.first_position),
            others=[Spot(str(mark.sealed_on), mark.block, mark.position)], sealed_at=rfc(self.now),
            fields=["/total"], total=10320, other_total=9320, currency="CZK",
        )  # fmt: skip

    def _talk(self) -> None:
        staff, owner = self.people["inspector"], self.people["owner"]
        for kind in ("gap", "silent"):
            one = self.findings[kind]
            operations.note(
                one, by="staff inspector", author=staff, is_internal=False,
                text="We have the receipts before and after, but not these. What happened at this till?",
            )  # fmt: skip
            operations.ask([one], self.now + timedelta(days=5), by="staff inspector", author=staff)
        gap = self.findings["gap"]
        operations.note(gap, by="staff inspector", author=staff, text="The second time this month.", is_internal=True)
        by = f"member 1 of retailer {self.retailer.pk}"
        operations.answer(gap, by=by, author=owner, text="Test prints. The technician was here on Tuesday.")
        operations.assign([self.findings["refunds"]], staff, "staff inspector", author=staff)
        at = self.now - timedelta(minutes=4)
        for kind in KINDS:
            Sweep.objects.create(kind=kind, since_blocks={}, began_blocks={}, began_at=at, judged_at=at)

    def page(self, name: str, **look: Any) -> Page:
        """A page of somebody's browser."""
        page = self._open_page(**look)
        cookie = signed_in(self.people[name]).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self._url}])
        return page

    def own(self, rest: str = "") -> str:
        """An address in the portal."""
        return f"/portal/{self.retailer.pk}/findings/{rest}"

    def of(self, kind: str) -> str:
        """A finding's page in the admin."""
        return f"{ADMIN}{self.findings[kind].pk}/change/"


@pytest.fixture
def scene(
    ledger: object, live_server: LiveServer, open_page: OpenPage, flush_everything: Callable[[], object], settings: Any
) -> Scene:
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"}}
    return Scene(open_page, live_server.url, flush_everything)


# Every kind and every page once, by day on a desk or by night on a telephone; axe takes its second for each.
DESK, PHONE = (1280, "light"), (390, "dark")
STAFF_SEE = {"conflict": DESK, "silent": DESK, "gap": PHONE, "refunds": PHONE}
OWNERS_SEE = {"conflict": PHONE, "silent": PHONE, "clock": DESK, "after-close": PHONE, "unknown-products": DESK}


@pytest.mark.parametrize(("width", "scheme"), [DESK, PHONE])
def test_every_page_fits_and_can_be_read_by_everybody(
    scene: Scene, width: int, scheme: str, shoot: Shoot, check_accessible: Check
) -> None:
    staff, owner = scene.page("inspector", scheme=scheme), scene.page("owner", scheme=scheme)
    asked = scene.findings["silent"].pk
    looks = [(staff, ADMIN, "admin-list"), (owner, scene.own(), "own-list")]
    looks += [(staff, scene.of(kind), f"admin-{kind}") for kind, look in STAFF_SEE.items() if look == (width, scheme)]
    looks += [
        (owner, scene.own(f"finding/?id={scene.findings[kind].pk}"), f"own-{kind}")
        for kind, look in OWNERS_SEE.items()
        if look == (width, scheme)
    ]
    looks += [(owner, scene.own(f"answer/?id={asked}"), "own-answer")]
    for page, path, name in looks:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        response = page.goto(path)
        assert response is not None
        assert response.status == 200, path
        assert fits(page), f"{name} at {width}"
        shoot(page, f"findings-{name}-{scheme}-{width}")
        check_accessible(page, f"findings {name} {width} {scheme}")
    assert staff.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")


def test_a_retailer_answers_and_an_inspector_decides(scene: Scene, shoot: Shoot) -> None:
    owner = scene.page("owner", size="phone", javascript=False)
    owner.goto(scene.own())
    owner.get_by_role("link", name="Nothing for 2 days").click()
    owner.get_by_role("link", name="Say what explains it").click()
    owner.get_by_label("Something else").check()
    owner.get_by_role("button", name="Send the answer").click()
    expect(owner.get_by_text("Please say what it was.")).to_be_visible()
    owner.get_by_label("The shop or this till was closed").check()
    owner.get_by_label("In your own words").fill("Holidays until Monday.")
    owner.get_by_role("button", name="Send the answer").click()
    expect(owner.get_by_text("Thank you: your answer is kept")).to_be_visible()
    expect(owner.get_by_text("The shop or this till was closed. Holidays until Monday.")).to_be_visible()
    staff = scene.page("inspector")
    staff.goto(f"{ADMIN}?state=answered")
    staff.get_by_role("link", name="Nothing for 2 days").click()
    expect(staff.get_by_text("Holidays until Monday.")).to_be_visible()
    staff.get_by_label("Accept: it is explained").check()
    staff.locator("[name=reason]").fill("Closed for holidays.")
    staff.get_by_role("button", name="Decide and go on").click()
    # The next one in the order of the list.
    expect(staff.get_by_text("Receipt 7 was sent twice")).to_be_visible()
    expect(staff.get_by_text("1 accepted.")).to_be_visible()
    owner.goto(scene.own("closed/"))
    owner.get_by_role("link", name="Nothing for 2 days").click()
    expect(owner.get_by_text("Closed for holidays.")).to_be_visible()
    expect(owner.get_by_role("link", name="Say what explains it")).to_have_count(0)


def test_an_inspector_works_on_many_at_once_and_an_auditor_only_looks(scene: Scene, shoot: Shoot) -> None:
    staff = scene.page("inspector")
    staff.goto(ADMIN)
    for kind in ("clock", "unknown-products"):
        staff.locator(f"input.action-select[value='{scene.findings[kind].pk}']").check()
    staff.locator("select[name=action]").select_option("dismiss")
    staff.get_by_role("button", name="Run").click()
    expect(staff.get_by_text("The clock was 1 h 2 min behind").first).to_be_visible()
    shoot(staff, "findings-admin-many")
    staff.locator("[name=reason]").fill("Summer time, and a general key.")
    staff.get_by_role("button", name="Dismiss").click()
    expect(staff.get_by_text("2 dismissed.")).to_be_visible()
    assert set(Finding.objects.filter(state="dismissed").values_list("kind", flat=True)) == {
        "clock",
        "unknown-products",
    }
    auditor = scene.page("auditor")
    auditor.goto(scene.of("gap"))
    expect(auditor.get_by_text("The second time this month.")).to_be_visible()
    expect(auditor.get_by_text("Work on it")).to_have_count(0)
    assert auditor.locator(".fnd-table tbody th").all_inner_texts() == ["2", "3 to 5", "6"]
    expect(auditor.locator(".fnd-mark")).to_contain_text("Missing: 3 receipts")
    auditor.goto(scene.of("conflict"))
    expect(auditor.locator(".sides-summary")).to_have_text(
        "They differ in total, paid, tax, operator and 2 of 3 lines."
    )
    expect(auditor.locator(".sides .differs")).to_have_count(6)
    expect(auditor.locator(".sides tr", has_text="Roll")).to_contain_text("only in the second")
    assert auditor.locator("select[name=action]").count() == 0
