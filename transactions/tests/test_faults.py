"""What cannot be read is refused, and everything that is wrong is named by its JSON pointer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_line, make_sale, sale_bytes
from transactions.faults import FAULTS_MAX, SaleRefused, explain, read_sale
from transactions.sale import (
    LINES_MAX,
    PAYMENTS_MAX,
    SALE_BYTES_MAX,
    SEQUENCE_MAX,
    TAXES_MAX,
    TERMINAL_MAX,
    Fault,
    Sale,
)

GOOD = sale_bytes(make_sale())


def refusals(raw: bytes) -> dict[str, str]:
    """What is wrong with the bytes, by pointer."""
    with pytest.raises(SaleRefused) as refused:
        read_sale(raw)
    return {fault.pointer: fault.detail for fault in refused.value.faults}


def changed(old: bytes, new: bytes) -> bytes:
    """The good sale with one part of its bytes exchanged."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def with_category(raw: bytes) -> bytes:
    """The good sale with these bytes inside a text."""
    return changed(b'"Dairy"', b'"Da' + raw + b'iry"')


def test_a_right_sale_is_read() -> None:
    assert read_sale(GOOD).total == 5100


def test_blanks_line_breaks_and_escapes_between_and_inside_right_fields_do_no_harm() -> None:
    spaced = json.dumps(make_sale(), indent=2, ensure_ascii=True).replace('"total":', '"total" :').encode()
    escaped = changed(b'"total"', b'"tot\\u0061l"')
    assert read_sale(spaced).total == read_sale(escaped).total == 5100


@pytest.mark.parametrize("text", ["Šunka", "牛奶", "🥛", "a\u00a0b", "\u2028", "O\\u0027Neil", 'quoted \\":\\"'])
def test_any_printable_text_is_taken(text: str) -> None:
    assert read_sale(with_category(text.encode()))


@pytest.mark.parametrize(
    "twice",
    [
        b',"total":5100',
        b',"total" :5100',
        b',"total"\n:5100',
        b',"total"\t:5100',
        b',"total"\r:5100',
        b',"tot\\u0061l":5100',
    ],
    ids=["plain", "blank before colon", "line feed", "tab", "carriage return", "escaped key"],
)
def test_a_key_written_twice_is_named_however_it_is_hidden(twice: bytes) -> None:
    assert refusals(changed(b'"total":5100', b'"total":5100' + twice)) == {"/total": "is written twice"}


def test_a_key_written_twice_inside_a_line_is_named() -> None:
    assert refusals(changed(b'"sku":"A-1"', b'"sku":"A-1","sk\\u0075":"A-2"')) == {"/lines/0/sku": "is written twice"}


@pytest.mark.parametrize(
    "raw",
    [b"\\u0000", b"\\u001f", b"\\n", b"\x7f", b"\\u007f", b"\xc2\x80", b"\xc2\x9f", b"\\u0085"],
    ids=["NUL", "US", "newline", "DEL", "escaped DEL", "first C1", "last C1", "escaped C1"],
)
def test_control_characters_are_refused(raw: bytes) -> None:
    assert "control character" in refusals(with_category(raw))["/lines/0/category"]


def test_an_unescaped_control_character_is_broken_json() -> None:
    assert "not valid JSON" in refusals(with_category(b"\x01"))[""]


@pytest.mark.parametrize("raw", [b"\\ud800", b"\\udc00", b"\\udc00\\ud800"])
def test_half_a_surrogate_pair_is_refused(raw: bytes) -> None:
    assert "/lines/0/category" in refusals(with_category(raw))


def test_a_whole_escaped_surrogate_pair_is_a_character() -> None:
    assert read_sale(with_category(b"\\ud83e\\udd5b")).lines[0].category == "Da🥛iry"


@pytest.mark.parametrize(
    "raw",
    [
        with_category(b"\xff"),
        with_category(b"\xc0\x80"),
        with_category(b"\xed\xa0\x80"),
        with_category(b"\xe2\x82"),
        GOOD.decode().encode("utf-16"),
        GOOD.decode().encode("utf-32"),
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"Dairy", "Crème".encode("latin-1")),
    ],
    ids=["FF", "overlong", "raw surrogate", "cut", "UTF-16", "UTF-32", "BOM", "Latin-1"],
)
def test_only_plain_utf_8_is_taken(raw: bytes) -> None:
    assert list(refusals(raw)) == [""]


@pytest.mark.parametrize("depth", [2, 100, 480, 600, 900, 990, 1100, 5000, 16000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")], ids=["arrays", "objects"])
@pytest.mark.parametrize("place", [b'"tendered":', b'"tendered":null,"deeper":'], ids=["known", "unknown"])
def test_deep_json_is_refused_at_any_depth(depth: int, opening: bytes, closing: bytes, place: bytes) -> None:
    depth = min(depth, 10_000 if opening != b"[" else depth)
    assert refusals(changed(b'"tendered":null', place + opening * depth + b"1" + closing * depth))


@pytest.mark.parametrize("end", [0, 1, 2, len(GOOD) // 2, len(GOOD) - 1])
def test_broken_json_is_refused_with_the_place(end: int) -> None:
    assert "not valid JSON" in refusals(GOOD[:end])[""]


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"sale"', b"17", b"[" + GOOD + b"]"])
def test_json_that_is_no_object_is_refused(raw: bytes) -> None:
    assert "must be an object" in refusals(raw)[""]


@pytest.mark.parametrize("tail", [b"x", b",", b"}", GOOD, b"\x00"])
def test_nothing_may_follow_a_sale(tail: bytes) -> None:
    assert "not valid JSON" in refusals(GOOD + tail)[""]


@pytest.mark.parametrize(
    "number",
    [b"5100.0", b"51e2", b"5100.5", b'"5100"', b"true", b"null", b"[]", b"1e999", b"9007199254740992", b"9" * 40],
)
def test_only_a_plain_integer_is_an_amount(number: bytes) -> None:
    assert "/total" in refusals(changed(b'"total":5100', b'"total":' + number))


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"-Infinity", b"9" * 5000, b"05100", b"+5100", b"0x10", b"5100."]
)
def test_what_is_no_json_number_is_refused(number: bytes) -> None:
    assert "not valid JSON" in refusals(changed(b'"total":5100', b'"total":' + number))[""]


@pytest.mark.parametrize("name", Sale.__struct_fields__)
def test_every_field_is_required(name: str) -> None:
    sale = make_sale()
    del sale[name]
    assert refusals(sale_bytes(sale))[f"/{name}"] == "is missing"


@pytest.mark.parametrize("name", make_line())
def test_every_field_of_a_line_is_required(name: str) -> None:
    line = make_line()
    sale = make_sale()
    del line[name]
    assert refusals(sale_bytes({**sale, "lines": [line]}))[f"/lines/0/{name}"] == "is missing"


def test_unknown_fields_are_refused_everywhere() -> None:
    sale = make_sale(lines=[make_line(colour="white")], shop=1)
    sale["payments"][0]["card/no"] = "1"
    sale["taxes"][0]["~"] = 1
    assert set(refusals(sale_bytes(sale))) == {"/shop", "/lines/0/colour", "/payments/0/card~1no", "/taxes/0/~0"}


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("terminal", 1, TERMINAL_MAX), ("sequence", 1, SEQUENCE_MAX), ("tendered", -(2**53) + 1, 2**53 - 1)],
)
def test_integers_are_taken_up_to_their_bounds_and_refused_beyond(name: str, least: int, most: int) -> None:
    for value in (least, most):
        assert read_sale(sale_bytes(make_sale(**{name: value})))
    for value in (least - 1, most + 1):
        assert f"/{name}" in refusals(sale_bytes(make_sale(**{name: value})))


@pytest.mark.parametrize(("name", "longest"), [("reason", 200), ("operator", 40), ("buyer", 40), ("lottery", 40)])
def test_texts_are_taken_up_to_their_length_and_refused_beyond(name: str, longest: int) -> None:
    assert read_sale(sale_bytes(make_sale(**{name: "č" * longest})))
    assert f"/{name}" in refusals(sale_bytes(make_sale(**{name: "č" * (longest + 1)})))


@pytest.mark.parametrize(("name", "longest"), [("sku", 40), ("name", 120), ("category", 60), ("unit", 10)])
def test_texts_of_a_line_are_taken_up_to_their_length_and_refused_beyond(name: str, longest: int) -> None:
    assert read_sale(sale_bytes(make_sale(lines=[make_line(**{name: "x" * longest})])))
    assert f"/lines/0/{name}" in refusals(sale_bytes(make_sale(lines=[make_line(**{name: "x" * (longest + 1)})])))


def test_a_line_has_a_name_and_a_tax_code() -> None:
    assert "/lines/0/name" in refusals(sale_bytes(make_sale(lines=[make_line(name="")])))
    assert "/lines/0/tax" in refusals(sale_bytes(make_sale(lines=[make_line(tax="")])))


def small_line() -> dict[str, Any]:
    """The shortest line, so that many fit."""
    return make_line(sku=None, gtin=None, name="a", category=None, unit=None, quantity="1", unit_price="1", amount=1)


def test_500_lines_are_taken_and_501_refused() -> None:
    # The names of the required fields alone make 500 lines longer than a sale may be, so this asks the reader itself.
    over = [Fault("/lines", f"has {LINES_MAX + 1} items, at most {LINES_MAX} are taken")]
    assert explain(sale_bytes(make_sale(lines=[small_line()] * LINES_MAX))) == []
    assert explain(sale_bytes(make_sale(lines=[small_line()] * (LINES_MAX + 1)))) == over


def test_as_many_lines_as_fit_into_64_kb_are_taken() -> None:
    count = (SALE_BYTES_MAX - len(GOOD)) // (len(sale_bytes(small_line())) + 1)
    assert len(read_sale(sale_bytes(make_sale(lines=[small_line()] * count))).lines) == count


@pytest.mark.parametrize(("name", "most"), [("payments", PAYMENTS_MAX), ("taxes", TAXES_MAX)])
def test_too_many_payments_or_taxes_are_refused(name: str, most: int) -> None:
    sale = make_sale()
    sale[name] = sale[name] * (most + 1)
    assert "at most" in refusals(sale_bytes(sale))[f"/{name}"]


def test_64_kb_are_taken_and_one_byte_more_refused() -> None:
    padding = b" " * (SALE_BYTES_MAX - len(GOOD))
    assert read_sale(GOOD + padding)
    assert "bytes long" in refusals(GOOD + padding + b" ")[""]


@pytest.mark.parametrize("name", ["type", "mode"])
@pytest.mark.parametrize("value", ["", "SALE", "sale ", 1, None, ["sale"], {"sale": 1}])
def test_words_are_taken_from_their_list_only(name: str, value: object) -> None:
    assert "must be one of" in refusals(sale_bytes(make_sale(**{name: value})))[f"/{name}"]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    sale = make_sale(
        terminal=0,
        type="sail",
        currency="XXY",
        issued_at="yesterday",
        operator=7,
        lines=[make_line(), make_line(tax=1)],
        taxes=[],
    )
    sale["payments"] = [{"method": "gold", "amount": 1}, {"method": "cash", "amount": 2.5}]
    assert set(refusals(sale_bytes(sale))) == {
        "/terminal",
        "/type",
        "/currency",
        "/issued_at",
        "/operator",
        "/lines/1/tax",
        "/payments/0/method",
        "/payments/1/amount",
    }


def test_wrong_sums_are_named_beside_wrong_fields() -> None:
    sale = make_sale(mode="maybe", rounding=7, total=1)
    assert {"/mode", "/total"} <= set(refusals(sale_bytes(sale)))


def test_the_faults_of_a_body_of_rubbish_are_bounded() -> None:
    rubbish = b"{" + b",".join(b'"k%d":1' % number for number in range(4000)) + b"}"
    assert len(explain(rubbish)) == FAULTS_MAX


def test_a_long_value_is_not_shown_in_full() -> None:
    detail = refusals(sale_bytes(make_sale(total="x" * 10_000)))["/total"]
    assert len(detail) < 200


@given(st.binary(max_size=300))
def test_no_bytes_at_all_cause_anything_but_a_refusal(raw: bytes) -> None:
    assert refusals(raw)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_sale_is_read_as_it_stands_or_refused(at: int, damage: bytes) -> None:
    raw = GOOD[:at] + damage + GOOD[at + len(damage) :]
    try:
        sale = read_sale(raw)
    except SaleRefused:
        return
    again = json.loads(raw)
    assert (sale.terminal, sale.sequence, sale.total) == (again["terminal"], again["sequence"], again["total"])
