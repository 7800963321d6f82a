"""What is printed: right in 32, 42 and 48 columns, with a QR code that can be read back from its blocks."""

from datetime import UTC, datetime

import pytest
import segno

from far_side import FarSide
from possys_till import Line, Payment, Till, qr
from possys_till.amounts import read_money, shown
from possys_till.receipt import columns
from settings_of_tests import Opener

BASKET = [
    Line("Whole milk 1 l", 2550, "A", quantity=2),
    Line("A very long name of a product that no paper has room for in one line", 100, "B", discount=10),
    Line("Österreichisches Brötchen 米饭 rice", "12.5", "B", quantity="0.375", unit="kg"),
    Line("Bottle", -300, "Z", kind="deposit"),
]


def matrix_of(lines: list[str]) -> list[list[bool]]:
    """The modules that blocks stand for, without the margin."""
    rows: list[list[bool]] = []
    for line in lines:
        rows.append([block in "▀█" for block in line])
        rows.append([block in "▄█" for block in line])
    rows = [row for row in rows if any(row)]
    left = min(row.index(True) for row in rows)
    right = max(len(row) - row[::-1].index(True) for row in rows)
    return [row[left:right] for row in rows]


@pytest.mark.parametrize("width", [32, 42, 48])
def test_no_line_is_wider_than_the_paper(till: Till, width: int) -> None:
    for receipt in (till.sell(BASKET, [Payment("cash", tendered=20000)]), till.sell(BASKET, [Payment("card")])):
        assert max(columns(line) for line in receipt.lines(width)) <= width
        assert receipt.code is not None
        assert receipt.code in receipt.text(width)
        assert till.status().fingerprint is not None
        assert str(till.status().fingerprint) in receipt.text(width)


def test_the_receipt_reads_as_one(enrol: Opener) -> None:
    till = enrol(now=lambda: datetime(2026, 11, 30, 10, 15, tzinfo=UTC))
    receipt = till.sell(BASKET, [Payment("card", 1000), Payment("cash", tendered=5000)])
    lines = [line.rstrip() for line in receipt.lines(42)]
    assert lines[:5] == [
        "             Corner Shop Ltd", "               High Street", "           High Street 1, Brno",
        "               Tax id CZ123", "-" * 42,
    ]  # fmt: skip
    assert "2026-11-30 10:15:00                  No. 1" in lines
    assert "  2 x 25.50                        51.00 A" in lines
    assert "  0.375 kg x 0.125                  0.05 B" in lines
    assert "Bottle (deposit)                   -3.00 Z" in lines
    assert next(line for line in lines if line.startswith("Change")).split() == ["Change", "11.00"]


def test_the_logs_checkpoint_is_printed_and_kept_with_the_sale(till: Till, far: FarSide) -> None:
    far.checkpoint = "123456 mXGLpF2ZB1WNoyh4n1P1PWEGGzVnLJ1GtCYdP1b2C0Q="
    receipt = till.sell(BASKET)
    assert receipt.checkpoint == till.find(receipt.sequence).checkpoint == far.checkpoint
    assert f"Log {far.checkpoint}".replace(" ", "") in receipt.text(32).replace(" ", "").replace("\n", "")


def test_the_blocks_are_the_qr_code(till: Till) -> None:
    receipt = till.sell(BASKET)
    printed = [line for line in receipt.lines(42) if "▀" in line or "▄" in line or "█" in line]
    code = segno.make(receipt.qr_text, error="m", boost_error=False, micro=False)
    assert matrix_of(printed) == [[bool(module) for module in row] for row in code.matrix]
    # Version 2 or 3, as capitals take it.
    assert len(code.matrix) <= 29


def test_an_offline_code_too_wide_for_the_paper_is_left_to_the_printer(till: Till, far: FarSide) -> None:
    far.down = True
    receipt = till.sell(BASKET)
    side = len(qr.modules(receipt.qr_text))
    assert side + 2 <= 48
    assert any("█" in line for line in receipt.lines(48))
    narrow = receipt.lines(32)
    assert not any("█" in line for line in narrow)
    assert receipt.qr_text in "".join(narrow)
    on_screen = receipt.lines(32, qr_width=80)
    assert any("█" in line for line in on_screen)
    assert receipt.qr_text not in "".join(on_screen)


def test_money_is_shown_and_read_by_the_currency() -> None:
    assert [shown(amount, "CZK") for amount in (0, 5, -5, 123456)] == ["0.00", "0.05", "-0.05", "1234.56"]
    assert (shown(1234, "JPY"), shown(1234, "KWD")) == ("1234", "1.234")
    assert [read_money(text, "CZK") for text in ("12", "12.5", "12,50", "-0.05")] == [1200, 1250, 1250, -5]
    for text in ("1.234", "1e3", "", "abc", "1.2.3"):
        with pytest.raises(ValueError, match="no amount of CZK"):
            read_money(text, "CZK")
    assert read_money("1500", "JPY") == 1500
