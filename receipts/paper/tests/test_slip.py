"""The receipt as a till prints it, as a part of a page."""

import re
from datetime import date
from typing import Any

import pytest
from django.template.loader import render_to_string

from possys import receipt_keys
from possys.codes import Environment
from receipts.paper.tests.receipts import make_receipt
from receipts.paper.tests.test_qr import decoded, drawn
from tests.factories import make_line


@pytest.fixture
def code() -> str:
    """A genuine code."""
    return receipt_keys.table().encode(Environment.PRODUCTION, date(2026, 11, 23), 64, 1)


def slip(code: str, **changes: Any) -> str:
    """The slip of a receipt whose sale has these fields changed."""
    remarks = changes.pop("remarks", ())
    receipt = make_receipt(**changes)._replace(code=code)
    context = {"receipt": receipt, "remarks": remarks, "site_url": "https://check.example"}
    return render_to_string("receipts/paper/_slip.html", context)


def test_the_slip_says_everything_that_was_printed(code: str) -> None:
    html = slip(code, rounding=-20, tendered=20000)
    shown = [
        "Corner Shops", "High Street", "1 High Street, Springfield", "10:00:00", "UTC+01:00", "Till 64",
        "2 pcs × 25.50", "51.00", "0.312 kg × 189.90", "Discount 7.05", "52.20", "Bottle", "Deposit", "106.20",
        "Rounding", "-0.20", "CZK\u00a0106.00", "Cash", "200.00", "94.00", code, "Check this receipt: https://check.example",
    ]  # fmt: skip
    assert [words for words in shown if words not in html] == []


def test_its_qr_code_leads_to_the_receipt(code: str) -> None:
    found = re.search(r"<svg class=\"qr\".*?</svg>", slip(code), re.DOTALL)
    assert found is not None
    svg = found.group().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    assert decoded(drawn(svg.encode())) == receipt_keys.links().of(code)


def test_marks_and_remarks_stand_out(code: str) -> None:
    lines = [make_line(quantity="-2.000", amount=-5100)]
    html = slip(code, type="refund", lines=lines, refers_to=code, reason="sour <b>milk</b>", remarks=["Voided later."])
    shown = ["Refund", f"Belongs to the receipt {code}", "Reason: sour &lt;b&gt;", "Voided later.", "Given back"]
    assert [words for words in shown if words not in html] == []
    assert "TEST – not a receipt" in slip(code, mode="training")
    assert "TEST" not in slip(code)


def test_nothing_in_it_needs_a_style_or_script(code: str) -> None:
    assert not re.search(r"<script|<style|style=|\son\w+=", slip(code))
