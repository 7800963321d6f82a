"""The addresses of the receipt on paper: who gets what, how long it is kept, and how misses look alike."""

from collections.abc import Callable

import pypdfium2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import ALPHABET, Environment
from receipts.limits import PAGES, WRONG_FOR_CLIENT, WRONG_FOR_CODE, Limit, count
from receipts.paper import escpos
from receipts.paper.tests.test_qr import decoded, drawn
from receipts.paper.views import PDFS
from receipts.tests.test_pages import PAPER_QUERIES
from tests.factories import make_line
from tests.tills import Till, request

Record = Callable[..., str]
FILES = ("qr.svg", "qr.bin", "receipt.pdf")
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>(\\) Tj ET"


def ending(code: str) -> str:
    """The code with its own key."""
    return receipt_keys.links().ending_of(code)


def other_key(code: str) -> str:
    """The code with a key that is not its own."""
    right = ending(code)
    return right[:-1] + ALPHABET[(ALPHABET.index(right[-1]) + 1) % len(ALPHABET)]


def invented(till: Till, sequence: int = 77_777) -> str:
    """A genuine code that no sale has."""
    return receipt_keys.table().encode(Environment.PRODUCTION, utc(now_ms()).date(), till.number, sequence)


def test_the_qr_code_is_a_picture_that_leads_here(client: Client, till: Till) -> None:
    code = invented(till)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/{ending(code)}/qr.svg")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/svg+xml"
    assert decoded(drawn(answer.content)) == receipt_keys.links().of(code)
    assert len(queries) == 0


def test_a_till_gets_the_commands_of_either_form(client: Client, till: Till) -> None:
    code = till.send().json()["code"]
    link = receipt_keys.links().of(code)
    native = client.get(f"/{ending(code)}/qr.bin")
    assert native.content == escpos.qr(link)
    assert native["Content-Disposition"] == f'attachment; filename="qr-{code}.bin"'
    raster = client.get(f"/{ending(code)}/qr.bin", {"form": "raster", "module": "4"})
    assert raster.content == escpos.qr_raster(link, 4)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"form": "star"}, "The form must be native or raster."),
        ({"module": "2"}, "A module must be 3 to 16 dots wide."),
        ({"module": "17"}, "A module must be 3 to 16 dots wide."),
        ({"module": "-4"}, "A module must be 3 to 16 dots wide."),
        ({"module": "９"}, "A module must be 3 to 16 dots wide."),
        ({"module": "9" * 5000}, "A module must be 3 to 16 dots wide."),
        ({"module": "16"}, "The QR code would be wider than 58 mm paper: ask for a smaller module."),
    ],
)
def test_a_wrong_question_is_answered_in_one_sentence(
    client: Client, till: Till, asked: dict[str, str], said: str
) -> None:
    answer = client.get(f"/{ending(invented(till))}/qr.bin", asked)
    assert (answer.status_code, answer.content.decode()) == (400, f"{said}\n")


def test_page_and_pdf_say_how_often_a_copy_was_printed(client: Client, record: Record, till: Till) -> None:
    code = record()
    page = f"/{ending(code)}"
    assert "A copy was printed" not in client.get(page).content.decode()
    for number, said in ((1, "A copy was printed 1 time."), (2, "A copy was printed 2 times.")):
        body = b'{"request":"random-text-%05d"}' % number
        path = f"/api/v1/receipts/{code}/copies"
        assert request("POST", path, body, HTTP_AUTHORIZATION=f"Bearer {till.token}").status == 201
        assert said in client.get(page).content.decode()
        document = pypdfium2.PdfDocument(client.get(f"{page}/receipt.pdf").content)
        assert said in document[0].get_textpage().get_text_range()
        document.close()
    # Nothing of it for whoever has only the code.
    assert "A copy was printed" not in client.get(f"/r/{code}").content.decode()


def test_the_pdf_is_the_receipt(client: Client, record: Record) -> None:
    code = record(rounding=-10)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/{ending(code)}/receipt.pdf")
    assert answer.status_code == 200
    assert len(queries) == PAPER_QUERIES
    document = pypdfium2.PdfDocument(answer.content)
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert [words for words in ("Corner Shops", "Whole milk 1 l", "51.00", "50.90", code) if words not in text] == []


@pytest.mark.parametrize(
    ("type_", "quantity", "amount", "said"),
    [
        ("refund", "-2.000", -5100, "Refunded in whole"),
        ("refund", "-1.000", -2550, "Refunded in part"),
        ("void", "-2.000", -5100, "Cancelled"),
    ],
)
def test_the_pdf_of_what_was_taken_back_says_so(
    client: Client, record: Record, type_: str, quantity: str, amount: int, said: str
) -> None:
    code = record()
    record(type=type_, refers_to=code, lines=[make_line(quantity=quantity, amount=amount)])
    document = pypdfium2.PdfDocument(client.get(f"/{ending(code)}/receipt.pdf").content)
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert said in text


@pytest.mark.parametrize("name", FILES)
def test_files_are_kept_by_the_customer_s_browser_only(client: Client, record: Record, name: str) -> None:
    code = record()
    answer = client.get(f"/{ending(code)}/{name}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, max-age=60"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert code in answer["Content-Disposition"]
    assert not answer.cookies


def test_a_pdf_opens_in_the_browser_under_the_code_s_name(client: Client, record: Record) -> None:
    code = record()
    answer = client.get(f"/{ending(code)}/receipt.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="receipt-{code}.pdf"'


def test_other_ways_of_writing_the_end_lead_there_too(client: Client, record: Record) -> None:
    code = record()
    assert client.get(f"/{ending(code).lower()}/receipt.pdf").status_code == 200


def test_a_hostile_name_is_only_text_in_the_pdf(client: Client, till: Till, record: Record) -> None:
    code = record(lines=[make_line(name=HOSTILE)])
    content = client.get(f"/{ending(code)}/receipt.pdf").content
    document = pypdfium2.PdfDocument(content)
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert [part for part in HOSTILE.split() if part not in text] == []
    assert b"/JavaScript" not in content


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_key_looks_exactly_like_no_receipt(client: Client, till: Till, record: Record, name: str) -> None:
    code = record()
    answers = [
        client.get(f"/{end}/{name}") for end in (other_key(code), other_key(invented(till)), "nonsense", "0" * 20)
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert answers[0]["Cache-Control"] == "no-store"


def test_a_pdf_of_no_sale_is_not_found_like_a_wrong_key(client: Client, till: Till) -> None:
    missing = client.get(f"/{ending(invented(till))}/receipt.pdf")
    wrong = client.get(f"/{other_key(invented(till))}/receipt.pdf")
    assert (missing.status_code, missing.content) == (404, wrong.content)


def test_a_wrong_key_costs_no_look_at_the_ledger(client: Client, record: Record) -> None:
    code = record()
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/{other_key(code)}/receipt.pdf")
    assert len(queries) == 0


def test_before_it_is_recorded_the_pdf_leads_to_the_receipt_s_page(client: Client, till: Till) -> None:
    code = till.send().json()["code"]
    answer = client.get(f"/{ending(code).lower()}/receipt.pdf")
    assert (answer.status_code, answer["Location"]) == (303, f"/{ending(code)}")
    assert answer["Cache-Control"] == "no-store"


def test_a_training_receipt_has_a_qr_code_and_no_pdf(client: Client, till: Till) -> None:
    code = till.send(till.sale(mode="training")).json()["code"]
    assert client.get(f"/{ending(code)}/qr.svg").status_code == 200
    assert client.get(f"/{ending(code)}/receipt.pdf").status_code == 303


def test_guessing_a_key_ends_for_everybody_and_then_hides_the_right_one(client: Client, till: Till) -> None:
    code = invented(till)
    for at in range(WRONG_FOR_CODE.most):
        assert client.get(f"/{other_key(code)}/qr.svg", REMOTE_ADDR=f"192.0.2.{at}").status_code == 404
    right, wrong = (client.get(f"/{end}/qr.svg", REMOTE_ADDR="198.51.100.1") for end in (ending(code), other_key(code)))
    assert (right.status_code, wrong.status_code) == (429, 429)
    assert right.content == wrong.content
    assert 0 < int(right["Retry-After"]) <= WRONG_FOR_CODE.window_s
    assert client.get(f"/{ending(invented(till, 5))}/qr.svg").status_code == 200


def test_a_client_that_guesses_at_many_codes_is_stopped(client: Client, till: Till) -> None:
    for sequence in range(1, WRONG_FOR_CLIENT.most + 1):
        assert client.get(f"/{other_key(invented(till, sequence))}/qr.svg").status_code == 404
    assert client.get(f"/{ending(invented(till))}/qr.svg").status_code == 429
    assert client.get(f"/{ending(invented(till))}/qr.svg", REMOTE_ADDR="198.51.100.1").status_code == 200


@pytest.mark.parametrize(("name", "limit"), [("qr.svg", PAGES), ("receipt.pdf", PDFS)])
def test_a_client_gets_so_many_a_minute(client: Client, record: Record, name: str, limit: Limit) -> None:
    address = f"/{ending(record())}/{name}"
    # Counted here, as so many PDFs would take long.
    for _ in range(limit.most):
        count(limit, "192.0.2.1")
    refused = client.get(address, REMOTE_ADDR="192.0.2.1")
    assert (refused.status_code, refused["Cache-Control"]) == (429, "no-store")
    assert 0 < int(refused["Retry-After"]) <= limit.window_s
    assert client.get(address, REMOTE_ADDR="198.51.100.1").status_code == 200


@pytest.mark.parametrize("name", FILES)
def test_nothing_can_be_posted(client: Client, till: Till, name: str) -> None:
    assert client.post(f"/{ending(invented(till))}/{name}").status_code == 405
