"""Reporting a problem: each kind, each refusal with all faults named, the limit, the trap, too large a body."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import Environment
from receipts.cases.models import AMOUNT_MAX, PLACE_MAX, TEXT_MAX, Case, Photo
from receipts.cases.numbers import read_number
from receipts.cases.photos import PHOTO_BYTES_MAX
from receipts.cases.tests.conftest import REPORT, filled_in, picture
from receipts.cases.uploads import BODY_BYTES_MAX
from receipts.cases.views import PHOTOS
from receipts.limits import PAGES, REPORTS

Send = Callable[..., Any]
Reported = Callable[..., tuple[Case, str]]


def a_code() -> str:
    """A genuine code of today."""
    return receipt_keys.table().encode(Environment.PRODUCTION, utc(now_ms()).date(), 64, 7)


def mistyped() -> str:
    code = a_code()
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def faults(answer: Any) -> dict[str, list[str]]:
    """The faults by field, each of which must stand on the page twice: in the list above, and at its field."""
    assert answer.status_code == 400
    assert Case.objects.count() == 0
    assert Photo.objects.count() == 0
    found = {name: [str(error) for error in errors] for name, errors in answer.context["form"].errors.items()}
    text = answer.content.decode()
    for name, errors in found.items():
        for error in errors:
            assert text.count(escape(error)) == (1 if name == "website" else 2), error
    return found


def test_the_form_is_kept_by_nobody_and_listed_nowhere(client: Client, limits: None) -> None:
    page = client.get(REPORT)
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert page["Referrer-Policy"] == "no-referrer"
    assert not page.cookies


def test_a_link_fills_in_code_and_kind(client: Client, limits: None) -> None:
    text = client.get(REPORT, {"code": a_code(), "kind": "missing"}).content.decode()
    assert f'value="{a_code()}"' in text
    assert 'value="missing" checked' in text
    hostile = client.get(REPORT, {"code": '"><script>', "kind": '"><script>'}).content.decode()
    assert "<script>" not in hostile


@pytest.mark.parametrize("kind", ["missing", "none"])
def test_what_was_reported_is_kept(reported: Reported, kind: str) -> None:
    yesterday = utc(now_ms()).date() - timedelta(days=1)
    case, address = reported(kind=kind, what="One.\r\nTwo.", contact="jana@example.com")
    assert (case.kind, case.state, case.source) == (kind, "received", "customer")
    assert (case.what, case.place, case.amount) == ("One.\nTwo.", "Corner Shop, 1 High Street", "129,90 Kč")
    assert (case.bought_on, f"{case.bought_at:%H:%M}") == (yesterday, "17:40")
    assert case.contact == "jana@example.com"
    assert read_number(case.number) == case.number
    assert address.startswith(f"/report/{case.number}/")
    # Only the hash of the secret is kept.
    assert address.split("/")[3].encode() not in bytes(case.secret_hash or b"")


def test_a_wrong_amount_needs_no_more_than_the_code(reported: Reported) -> None:
    case, _address = reported(kind="amount", code=a_code(), place="", bought_on="", bought_at="", amount="")
    assert (case.kind, case.code, case.place, case.bought_on) == ("amount", a_code(), "", None)


def test_a_wrong_amount_without_a_code_needs_shop_and_day(reported: Reported) -> None:
    case, _address = reported(kind="amount", bought_at="", amount="")
    assert (case.code, case.bought_at) == ("", None)


def test_a_code_is_read_however_it_is_written(reported: Reported) -> None:
    link = receipt_keys.links().of(a_code())
    for written in (a_code().lower().replace("-", " "), f"https://example.com/r/{a_code()}", link):
        case, _address = reported(code=written)
        assert case.code == a_code()


def test_a_code_that_is_none_of_ours_can_be_reported(reported: Reported) -> None:
    from receipts.tests.test_pages import of_no_key

    case, _address = reported(code=of_no_key())
    assert case.code == of_no_key()


def test_everything_that_is_missing_is_named_at_once(send: Send) -> None:
    found = faults(send(what=" ", place="", bought_on="", bought_at="", amount=""))
    assert set(found) == {"what", "place", "bought_on", "bought_at", "amount"}
    assert "Say where you bought" in found["place"][0]


def test_a_wrong_amount_without_a_code_shop_and_day_says_what_would_do(send: Send) -> None:
    found = faults(send(kind="amount", place="", bought_on="", bought_at="", amount=""))
    assert set(found) == {"code", "place", "bought_on"}
    assert "or else" in found["code"][0]


def test_everything_that_is_wrong_is_named_at_once(send: Send) -> None:
    found = faults(
        send(
            kind="theft", code=mistyped(), bought_on="2026-02-30", bought_at="25:00", amount="much", contact="jana@",
            photo=SimpleUploadedFile("receipt.jpg", b"no photo"), website="https://spam.example",
        )
    )  # fmt: skip
    wanted = {"kind", "code", "bought_on", "bought_at", "amount", "contact", "photo", "website"}
    assert set(found) == wanted
    assert "typing error" in found["code"][0]
    assert all(len(errors) == 1 for errors in found.values())


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("kind", None, "Choose what is wrong."),
        ("code", "ABCD-EFGH", "this one has 8"),
        ("code", "ABCD-EFGH-ABCD-EFGÜ", "occurs in no receipt code"),
        ("code", "A" * 201, "at most 200 characters"),
        ("what", "x" * (TEXT_MAX + 1), f"at most {TEXT_MAX} characters"),
        ("what", "x\x00y", "Null characters"),
        ("place", "x" * (PLACE_MAX + 1), f"at most {PLACE_MAX} characters"),
        ("amount", "1" * (AMOUNT_MAX + 1), f"at most {AMOUNT_MAX} characters"),
        ("bought_on", "2199-01-01", "has not come yet"),
        ("bought_on", "2001-01-01", "more than five years ago"),
        ("contact", f"{'x' * 250}@example.com", "at most 254 characters"),
        ("contact", "a@b.example, c@d.example", "no e-mail address"),
        ("contact", "a@example.com\r\nBcc: b@example.com", "no e-mail address"),
    ],
)
def test_a_fault_is_said_at_its_field(send: Send, field: str, value: str | None, fault: str) -> None:
    found = faults(send(**{field: value}))
    assert set(found) == {field}
    assert fault in found[field][0]


def test_what_just_fits_is_taken(reported: Reported) -> None:
    lines = "\r\n".join(["x" * 9] * (TEXT_MAX // 10)) + "x"
    case, _address = reported(what=lines, place="x" * PLACE_MAX, amount="1" * AMOUNT_MAX)
    assert len(case.what) == TEXT_MAX


def test_what_was_typed_is_given_back_with_its_faults(send: Send) -> None:
    text = send(what="<b>Milk</b> & bread", place="").content.decode()
    assert "&lt;b&gt;Milk&lt;/b&gt; &amp; bread" in text
    assert 'value="129,90 Kč"' in text
    assert 'value="none" checked' in text


def test_a_right_photo_has_to_be_chosen_again_when_another_field_is_wrong(send: Send) -> None:
    answer = send(place="", photo=picture())
    assert set(faults(answer)) == {"place"}
    assert "Choose your photo once more" in answer.content.decode()


def test_a_photo_is_kept_apart_from_its_case(reported: Reported) -> None:
    case, _address = reported(photo=picture())
    photo = Photo.objects.get(case=case)
    assert (photo.width, photo.height) == (60, 40)
    assert bytes(photo.content).startswith(b"\xff\xd8\xff")


def test_a_photo_that_is_too_large_is_refused_and_the_text_given_back(send: Send) -> None:
    for size in (PHOTO_BYTES_MAX + 1, 3 * PHOTO_BYTES_MAX):
        answer = send(photo=SimpleUploadedFile("receipt.jpg", picture().read() + bytes(size)))
        assert faults(answer)["photo"] == ["The photo is larger than 8 MB. Send a smaller copy of it."]
        assert "The cashier said" in answer.content.decode()


def test_a_photo_of_exactly_the_largest_size_is_taken(reported: Reported) -> None:
    content = picture().read()
    case, _address = reported(photo=SimpleUploadedFile("a.jpg", content + bytes(PHOTO_BYTES_MAX - len(content))))
    assert Photo.objects.filter(case=case).exists()


def test_only_the_first_photo_is_looked_at(client: Client, limits: None) -> None:
    photos = [picture(size=(60, 40)), picture(size=(90, 40))]
    assert client.post(REPORT, {**filled_in(), "photo": photos, "other": picture()}).status_code == 303
    assert Photo.objects.get().width == 60


def test_a_body_that_is_too_large_gets_a_page_that_says_so(client: Client, limits: None) -> None:
    content = bytes(BODY_BYTES_MAX + 1)
    answer = client.post(REPORT, {**filled_in(), "photo": SimpleUploadedFile("a.jpg", content)})
    assert answer.status_code == 413
    assert "A photo may have 8 MB" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert Case.objects.count() == 0


def test_text_that_is_too_large_to_be_read_gets_the_same_page(send: Send) -> None:
    assert send(what="x" * 3_000_000).status_code == 413
    assert Case.objects.count() == 0


def test_a_broken_body_is_refused(client: Client, limits: None) -> None:
    answer = client.generic("POST", REPORT, b"--x\r\nnonsense", content_type="multipart/form-data; boundary=")
    assert answer.status_code == 400
    answer = client.generic("POST", REPORT, BytesIO(b"{}").read(), content_type="application/json")
    assert answer.status_code == 400
    assert Case.objects.count() == 0


def test_the_trap_refuses_what_a_program_fills_in(send: Send) -> None:
    found = faults(send(website="https://spam.example"))
    assert set(found) == {"website"}


def test_a_client_sends_only_so_many_reports(client: Client, send: Send) -> None:
    for _ in range(REPORTS.most):
        # A form with faults does not count.
        assert send(place="").status_code == 400
        assert send().status_code == 303
    answer = send()
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= REPORTS.window_s
    text = answer.content.decode()
    assert "What you typed is still here" in text
    assert "The cashier said" in text
    assert 'value="none" checked' in text
    assert Case.objects.count() == REPORTS.most
    other = client.post(REPORT, filled_in(), REMOTE_ADDR="192.0.2.9")
    assert other.status_code == 303


def test_a_client_asks_only_so_often(client: Client, limits: None) -> None:
    for _ in range(PAGES.most):
        assert client.get(REPORT).status_code == 200
    answer = client.get(REPORT)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= PAGES.window_s
    assert "Please wait a little" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"


def test_a_client_has_only_so_many_photos_decoded(send: Send) -> None:
    for _ in range(PHOTOS.most):
        assert send(place="", photo=picture(size=(4, 4))).status_code == 400
    assert send(place="", photo=picture()).status_code == 429
    assert send().status_code == 303


def test_a_report_takes_no_other_method(client: Client, limits: None) -> None:
    assert client.put(REPORT).status_code == 405
