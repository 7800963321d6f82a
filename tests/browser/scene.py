"""Every state that a receipt can be in, brought about for real, and where a customer then reads of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.core.management import call_command
from playwright.sync_api import Page

from ledger import sealed
from ledger.log.checkpointer import catch_up
from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import Environment
from possys.redis import Stores
from receipts.limits import PAGES, WRONG_TOTAL_FOR_CODE, count
from receipts.queries import find_receipt
from receipts.tests.test_damaged import changed_total
from receipts.tests.test_pages import mistyped
from tests.factories import make_line, make_refund, moment
from tests.links import full_address
from tests.tampering import triggers_off
from tests.tills import Till
from transactions import queries
from transactions.stream import SHARD_COUNT

LINES = [
    make_line(),
    make_line(name="Ham, sliced", quantity="0.312", unit="kg", unit_price="18990", discount=705, amount=5220),
    make_line(
        name="Sourdough bread, stone-baked, with sunflower seeds 750 g",
        quantity="1",
        unit_price="8990",
        amount=8990,
    ),
    make_line(
        name="Deposit, glass bottle 0.5 l",
        kind="deposit",
        quantity="6",
        unit_price="300",
        amount=1800,
        tax="0",
    ),
    make_line(name="Loyalty voucher", kind="discount", quantity="1", unit=None, unit_price=None, amount=-1500),
]
TAXES = [
    {"code": "A", "rate": "12.00", "net": 15902, "tax": 1908},
    {"code": "0", "rate": None, "net": 1800, "tax": 0},
]
# What the lines, less ten for rounding, come to, as a customer reads and types it.
TOTAL_TYPED, TOTAL_SHOWN = "196.00", "CZK\u00a0196.00"
PRAGUE = timezone(timedelta(hours=1))
# As the browser under test is seen by the server.
CLIENT = "127.0.0.1"
# A store that nobody listens at.
NOBODY = "redis://127.0.0.1:1/0"
# No till has come so far.
SEQUENCE_FAR = 77_777


class State(NamedTuple):
    """A page as it should be: `step` names the link or button that a customer goes on with."""

    address: str
    heading: str
    tone: str
    step: str
    # Says what this state is, beyond its heading.
    words: str = ""


def just_now(*, hours: int = 0) -> str:
    """Three seconds, or so many hours more, ago, as a till in Prague in winter writes it."""
    return (utc(now_ms()) - timedelta(hours=hours, seconds=3)).astimezone(PRAGUE).isoformat(timespec="seconds")


def offline_address(till: Till, sequence: int, issued_at: str, total: int) -> str:
    """Where the QR code leads that a till without a connection prints at this local time."""
    year, month, rest = issued_at[2:4], issued_at[5:7], issued_at[8:16]
    minute = rest.replace("T", "").replace(":", "")
    return f"/O/{till.number}.{sequence}.{year}{month}{minute}.{total}"


# A sheet or card cuts off what sticks out of it, so that the page itself seems to fit.
STICKS_OUT = """() => {
  const wide = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  const boxes = document.querySelectorAll("main .card, main table, main .button, main .slip");
  return wide.concat([...boxes].filter((box) => box.scrollWidth > box.clientWidth + 1)
    .map((box) => box.className || box.tagName));
}"""


def sticks_out(page: Page) -> list[str]:
    """What is wider than the place it has."""
    found: list[str] = page.evaluate(STICKS_OUT)
    return found


@dataclass
class Scene:
    """A till, one that has sold nothing yet, and the means to bring a code into any state."""

    till: Till
    idle: Till
    flush: Callable[[], object]
    monkeypatch: pytest.MonkeyPatch

    def sold(self, **changes: Any) -> str:
        """The code of a sale that is taken, and not recorded yet."""
        usual = {"lines": LINES, "taxes": TAXES, "rounding": -10, "tendered": 20000, "issued_at": just_now()}
        answer = self.till.send(self.till.sale(**{**usual, **changes}))
        assert answer.status == 201, answer.body
        return str(answer.json()["code"])

    def recorded(self, **changes: Any) -> str:
        """The code of a sale that is recorded and signed for."""
        code = self.sold(**changes)
        self.settle()
        return code

    def settle(self) -> None:
        """Has everything recorded and signed for that was sold."""
        self.flush()
        catch_up()

    def milk_sold(self) -> str:
        """The code of a sale of two litres of milk, for refunds; not recorded yet."""
        return str(self.till.send(self.till.sale(issued_at=just_now())).json()["code"])

    def milk_back(self, code: str, litres: int = 2, type_: str = "refund") -> str:
        """The code of what takes some of the milk back; not recorded yet."""
        lines = [make_line(quantity=f"-{litres}", amount=-2550 * litres)]
        refund = make_refund(code, lines=lines, type=type_, issued_at=just_now())
        place = {"terminal": self.till.number, "sequence": self.till.sale()["sequence"]}
        answer = self.till.send({**refund, **place})
        assert answer.status == 201, answer.body
        return str(answer.json()["code"])

    def remove(self, code: str) -> None:
        """Removes what a sale said, as the law may demand."""
        call_command("remove_record", code, reason="court order 17 C 5/2026", yes=True)
        catch_up()

    def damage(self, code: str) -> None:
        """Changes a sale in the database, as somebody with all rights may do."""
        receipt = find_receipt(code).receipt
        assert receipt is not None
        sealed._alarmed.clear()
        block = [receipt.place.shard, receipt.place.block]
        with triggers_off() as cursor:
            cursor.execute("SELECT body FROM ledger_block WHERE shard = %s AND number = %s", block)
            body = changed_total(bytes(cursor.fetchone()[0]))
            cursor.execute("UPDATE ledger_block SET body = %s WHERE shard = %s AND number = %s", [body, *block])

    def take_store_away(self) -> None:
        """Makes lookups find no capture store from now on."""
        stores = Stores([NOBODY], SHARD_COUNT)
        self.monkeypatch.setattr(queries, "stores", lambda: stores)

    def invented(self, till: Till, environment: Environment = Environment.PRODUCTION) -> str:
        """A well-made code of a till without a sale."""
        return receipt_keys.table().encode(environment, utc(now_ms()).date(), till.number, SEQUENCE_FAR)

    def states(self) -> dict[str, State]:
        """Every state that can be there at the same time, by its name."""
        plain = self.sold()
        late = self.sold(issued_at=moment(days=-1), mode="offline")
        too_late = self.sold(issued_at=moment(days=-3), mode="offline")
        arrived_at = just_now(hours=1)
        self.sold(issued_at=arrived_at, mode="offline")
        arrived = offline_address(self.till, self.till.sequence, arrived_at, 19600)
        part, whole, cancelled, gone = (self.milk_sold() for _ in range(4))
        self.settle()
        part_back, whole_back = self.milk_back(part, 1), self.milk_back(whole)
        void = self.milk_back(cancelled, 2, "void")
        self.settle()
        damaged = self.milk_sold()
        self.settle()
        self.remove(gone)
        self.damage(damaged)
        accepted = self.sold()
        report = "Something is wrong: report it"
        return {
            "recorded": State(full_address(plain), "Recorded", "ok", "Keep it as a PDF", TOTAL_SHOWN),
            "late": State(full_address(late), "Recorded late", "late", report, "which is allowed for a while"),
            "too-late": State(full_address(too_late), "Recorded late", "late", report, "the shop has to explain it"),
            "arrived": State(arrived, "Recorded late", "late", report, TOTAL_SHOWN),
            "partly-refunded": State(full_address(part), "Refunded in part", "part", part_back, "25.50 is left"),
            "refunded": State(full_address(whole), "Refunded in whole", "back", whole_back, "no proof of a purchase"),
            "voided": State(full_address(cancelled), "Cancelled", "void", void, "the shop cancelled it later"),
            "refund": State(full_address(whole_back), "Refund, recorded", "back", whole, "Reason: sour"),
            "void": State(full_address(void), "Cancellation, recorded", "back", cancelled, "Cancelled amount"),
            "typed": State(f"/r/{plain}", "Recorded", "ok", "Show the receipt", "Is it what you paid?"),
            "typed-late": State(f"/r/{late}", "Recorded late", "late", "Show the receipt"),
            "typed-refunded": State(f"/r/{whole}", "Refunded in whole", "back", "Show the receipt"),
            "accepted": State(f"/r/{accepted}", "Accepted, being recorded", "wait", "Look again", "has arrived"),
            "due": State(
                offline_address(self.idle, 9, just_now(hours=2), 5100),
                "Offline receipt, not here yet",
                "due",
                "Look again",
                "It must be recorded by",
            ),
            "overdue": State(
                offline_address(self.idle, 9, just_now(hours=61), 5100),
                "Offline receipt, overdue",
                "overdue",
                "Report the missing receipt",
                "and it was not",
            ),
            "test": State(
                f"/r/{self.invented(self.till, Environment.TEST)}",
                "Test receipt",
                "test",
                "Or report it",
                "No sale was recorded",
            ),
            "not-genuine": State(
                f"/r/{self.invented(self.till)}",
                "Not a genuine code",
                "bad",
                "Report the shop",
                "We know of no receipt",
            ),
            "wrong-key": State(
                f"{full_address(plain)[:-1]}{'0' if full_address(plain)[-1] != '0' else '1'}",
                "Not a genuine code",
                "bad",
                "Report the shop",
            ),
            "missing": State(
                f"/r/{self.invented(self.idle)}",
                "Genuine code, but not recorded",
                "missing",
                "Report the missing receipt",
                "have just been alarmed",
            ),
            "removed": State(f"/r/{gone}", "The record was removed", "removed", "Check", "because the law demanded it"),
            "damaged": State(
                f"/r/{damaged}",
                "What we have stored is not what was recorded",
                "damaged",
                "Check",
                "This is our fault",
            ),
            "mistyped": State(f"/r/{mistyped(plain)}", "Was your receipt recorded?", "", "Check", "typing error"),
        }


def visit(page: Page, address: str) -> None:
    """Opens a page as somebody who has asked for nothing before."""
    cache.clear()
    page.goto(address)


def ask_too_often() -> None:
    """Counts as many pages of the browser under test as are allowed."""
    cache.clear()
    for _ in range(PAGES.most):
        count(PAGES, CLIENT)


def guess_too_often(code: str) -> None:
    """Counts as many wrong totals of a receipt as are allowed."""
    for _ in range(WRONG_TOTAL_FOR_CODE.most):
        count(WRONG_TOTAL_FOR_CODE, code)
