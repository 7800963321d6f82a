"""The PDF receipt: everything that was printed, in every language, whatever a till sends, and always the same bytes."""

import time
from typing import Any

import pypdfium2
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from possys.money import AMOUNT_MAX
from receipts.paper.font import REPLACEMENT, clean, in_sight_order
from receipts.paper.pdf import PAGE_MAX_MM, receipt_pdf
from receipts.paper.tests.receipts import CODE, LINK, make_receipt
from receipts.paper.tests.test_qr import decoded
from receipts.receipt import Names
from receipts.templatetags.receipt_format import amount, moment, money, plain, unit_price
from tests.factories import make_line, make_tax
from transactions.sale import LINES_MAX, PAYMENTS_MAX, TAXES_MAX

PAPER_PT = 80 / 25.4 * 72


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, its white as single spaces."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [spaced(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def spaced(text: str) -> str:
    """As the words follow each other, whatever is between them."""
    return " ".join(text.split())


def picture_of(pdf: bytes, page: int = -1) -> Image.Image:
    """A page as pixels, four a millimetre."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture: Image.Image = document[page % len(document)].render(scale=4 * 25.4 / 72).to_pil()
        return picture
    finally:
        document.close()


def text_of(**changes: Any) -> str:
    """The text of a receipt whose sale has these fields changed."""
    return " ".join(pages_of(receipt_pdf(make_receipt(**changes), LINK)))


@pytest.mark.parametrize("language", ["en", "cs", "de", "sr-latn"])
def test_it_says_everything_that_was_printed_as_each_language_writes_it(language: str) -> None:
    with translation.override(language):
        pdf = receipt_pdf(make_receipt(rounding=-20, tendered=20000), LINK)
        wanted = [
            "Corner Shops", "High Street", "1 High Street, Springfield", CODE,
            moment("2026-11-23T10:00:00+01:00"), "UTC+01:00", "64",
            "Whole milk 1 l", f"{plain('2.000')} pcs × {unit_price('2550', 'CZK')}", f"{amount(5100, 'CZK')} A",
            "Ham, sliced", f"{plain('0.312')} kg × {unit_price('18990', 'CZK')}", amount(-705, "CZK"),
            f"{amount(5220, 'CZK')} B", "Bottle (", amount(300, "CZK"), amount(10620, "CZK"), amount(-20, "CZK"),
            money(10600, "CZK"), amount(make_tax("B", 5220)["tax"], "CZK"), f"{plain('12.00')} %",
            amount(20000, "CZK"), amount(9400, "CZK"),
        ]  # fmt: skip
    (text,) = pages_of(pdf)
    # The reader of the text writes a hyphen as such, and white of every width as one space.
    assert [words for words in wanted if spaced(clean(words)) not in text] == []
    assert f"/Lang ({language})".encode() in pdf


def test_english_writes_it_so() -> None:
    text = text_of(rounding=-20, tendered=20000)
    wanted = ["0.312 kg × 189.90", "Discount -7.05", "Bottle (Deposit)", "Sum of the items 106.20", "Rounding -0.20",
              "Total CZK 106.00", "Cash 106.00", "Tendered 200.00", "Change 94.00", "A 12 %"]  # fmt: skip
    assert [words for words in wanted if words not in text] == []


def test_the_qr_code_in_it_leads_to_the_receipt() -> None:
    assert decoded(picture_of(receipt_pdf(make_receipt(), LINK))) == LINK


def test_it_is_a_slip_of_80_mm_as_long_as_it_must_be() -> None:
    short, long = (
        pypdfium2.PdfDocument(receipt_pdf(make_receipt(lines=[make_line()] * count), LINK)) for count in (1, 40)
    )
    try:
        assert (len(short), len(long)) == (1, 1)
        assert short[0].get_width() == pytest.approx(PAPER_PT, abs=0.1)
        # Forty lines of two rows.
        assert long[0].get_height() - short[0].get_height() == pytest.approx(39 * 2 * 8 * 1.3, abs=1)
    finally:
        short.close()
        long.close()


def test_five_hundred_lines_flow_over_pages() -> None:
    names = [f"Item {number} of very many" for number in range(LINES_MAX)]
    receipt = make_receipt(lines=[make_line(name=name) for name in names])
    pdf = receipt_pdf(receipt, LINK)
    texts = pages_of(pdf)
    assert len(texts) > 1
    assert [name for name in names if name not in " ".join(texts)] == []
    assert CODE in texts[-1]
    assert decoded(picture_of(pdf)) == LINK
    document = pypdfium2.PdfDocument(pdf)
    assert max(page.get_height() for page in document) <= PAGE_MAX_MM / 25.4 * 72 + 0.1
    document.close()
    assert len(pdf) < 200_000


def test_the_same_receipt_is_the_same_bytes_at_any_time() -> None:
    first = receipt_pdf(make_receipt(), LINK)
    # A file that carried its own time would differ from one second to the next.
    time.sleep(1.1)
    assert receipt_pdf(make_receipt(), LINK) == first


def test_its_title_and_date_are_the_receipt_s() -> None:
    document = pypdfium2.PdfDocument(receipt_pdf(make_receipt(), LINK))
    said = document.get_metadata_dict()
    document.close()
    assert said["Title"] == f"Receipt {CODE}, Corner Shops"
    assert said["CreationDate"].startswith("D:20261123100000")


def test_names_of_our_customers_countries_are_written_whole() -> None:
    shown = ["Žluťoučký kůň", "Čevapčići đak", "Грађанин", "Ελληνικά Ώρα", "Größe ß"]
    text = text_of(lines=[make_line(name=name) for name in shown])
    assert [name for name in shown if name not in text] == []
    assert REPLACEMENT not in text


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("漢字", "\ufffd\ufffd"),
        ("Pizza 🍕", "Pizza \ufffd"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("e\u0301clair", "éclair"),
        ("nul\x00\ttab\vline\nend", "nul tab line end"),
        ("half \ud83c", "half "),
    ],
)
def test_what_the_font_lacks_is_replaced_and_what_has_no_look_is_left_out(name: str, seen: str) -> None:
    assert clean(name) == seen


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Tea שלום", "Tea םולש"),
        ("קפה (2)", "(2) הפק"),
        ("Tea 2", "Tea 2"),
    ],
)
def test_right_to_left_names_are_drawn_from_the_right(name: str, seen: str) -> None:
    assert in_sight_order(name) == seen


@settings(deadline=None, max_examples=25)
@given(
    name=st.text(min_size=1, max_size=120),
    retailer=st.text(min_size=1, max_size=100),
    unit=st.text(max_size=10),
    tax=st.text(min_size=1, max_size=8),
    reason=st.text(max_size=200),
)
def test_no_name_stops_it(name: str, retailer: str, unit: str, tax: str, reason: str) -> None:
    names = Names(retailer, retailer, retailer)
    receipt = make_receipt(names, lines=[make_line(name=name, unit=unit, tax=tax)], reason=reason)
    pdf = receipt_pdf(receipt, LINK, [reason])
    assert pdf.startswith(b"%PDF-")
    assert CODE in " ".join(pages_of(pdf))


def test_the_largest_figures_stay_on_the_paper() -> None:
    lines = [make_line(name="W" * 120, amount=-AMOUNT_MAX, unit_price="-9999999999999.9999", quantity="999999.999")]
    taxes = [{"code": "WWWWWWWW", "rate": "12.3456", "net": -AMOUNT_MAX, "tax": -AMOUNT_MAX}] * TAXES_MAX
    payments = [{"method": "card", "amount": -AMOUNT_MAX}] * PAYMENTS_MAX
    picture = picture_of(receipt_pdf(make_receipt(lines=lines, taxes=taxes, payments=payments), LINK)).convert("L")
    ink = picture.point(lambda level: 255 - level).getbbox()
    assert ink is not None
    # Five millimetres of margin, at four pixels each.
    assert ink[0] >= 5 * 4 - 1
    assert ink[2] <= 75 * 4 + 1


def test_a_training_receipt_is_marked() -> None:
    assert "TEST – not a receipt" in text_of(mode="training")
    assert "TEST" not in text_of()


@pytest.mark.parametrize(("kind", "word"), [("refund", "Refund"), ("void", "Void")])
def test_what_takes_a_receipt_back_says_so_and_names_it(kind: str, word: str) -> None:
    lines = [make_line(quantity="-2.000", amount=-5100)]
    text = text_of(type=kind, lines=lines, refers_to="1111-2222-3333-4444", reason="sour")
    assert [
        words for words in (word, "1111-2222-3333-4444", "Reason: sour", "Given back", "-51.00") if words not in text
    ] == []


def test_what_became_of_it_since_is_said_on_it() -> None:
    (text,) = pages_of(receipt_pdf(make_receipt(), LINK, ["Refunded in part: CZK 51.00."]))
    assert "Refunded in part: CZK 51.00." in text


def test_taxes_that_come_on_top_are_added() -> None:
    lines = [make_line()]
    taxes = [{"code": "A", "rate": None, "net": 5100, "tax": 0}, {"code": "B", "rate": "7.25", "net": 0, "tax": 370}]
    text = text_of(lines=lines, taxes=taxes, taxes_included=False, total=5470)
    assert [
        words for words in ("Taxes 3.70", "A exempt", "B 7.25 %", "added to the amounts") if words not in text
    ] == []


def test_it_names_the_till_key_only_when_the_till_signed() -> None:
    (text,) = pages_of(receipt_pdf(make_receipt(till_key="CSM7-NBFR"), LINK))
    assert "Till key CSM7-NBFR" in text
    assert "Till key" not in pages_of(receipt_pdf(make_receipt(), LINK))[0]
