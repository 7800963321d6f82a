"""Findings in a real browser: an inspector works through them, a retailer answers; pictures of every kind."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
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
from tests.factories import make_line, make_retailer, make_store, make_terminals
from tests.people import make_person, signed_in
from tests.tills import Till

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], Path]
Check = Callable[[Page, str], None]
# A desk and a telephone.
WIDTHS = (1280, 390)
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
        for sequence in (1, 2, 6, 7):
            self.till.send(self.till.sale(sequence=sequence, lines=[MILK, HAM]))
        flush()
        other = self.till.sale(sequence=7, lines=[MILK, {**HAM, "amount": 3220}, ROLL], operator="8")
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


def looked_at(page: Page, path: str, name: str, shoot: Shoot, check: Check) -> None:
    """Opens a page at both widths: it fits, nothing is broken for those who do not see it, and there is a picture."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        response = page.goto(path)
        assert response is not None
        assert response.status == 200, path
        assert fits(page), f"{name} at {width}"
        shoot(page, f"findings-{name}-{width}")
        check(page, f"findings {name} {width}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_can_be_read_by_everybody(
    scene: Scene, scheme: str, shoot: Shoot, check_accessible: Check
) -> None:
    staff, owner = scene.page("inspector", scheme=scheme), scene.page("owner", scheme=scheme)
    looked_at(staff, ADMIN, f"admin-list-{scheme}", shoot, check_accessible)
    looked_at(owner, scene.own(), f"own-list-{scheme}", shoot, check_accessible)
    for kind, one in scene.findings.items():
        looked_at(staff, scene.of(kind), f"admin-{kind}-{scheme}", shoot, check_accessible)
        looked_at(owner, scene.own(f"finding/?id={one.pk}"), f"own-{kind}-{scheme}", shoot, check_accessible)
    looked_at(
        owner, scene.own(f"answer/?id={scene.findings['silent'].pk}"), f"own-answer-{scheme}", shoot, check_accessible
    )
    Finding.objects.filter(closed_at__isnull=True).update(state=Finding.State.RESOLVED, closed_at=scene.now)
    looked_at(owner, scene.own(), f"own-empty-{scheme}", shoot, check_accessible)
    looked_at(owner, scene.own("closed/"), f"own-closed-{scheme}", shoot, check_accessible)
