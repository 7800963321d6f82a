"""Enrolment codes and requests as they are written and read; no database."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from possys.codes import ALPHABET
from possys.qr import symbol
from transactions.enrolment.codes import NoCodeError, digest, link, make_code, qr_svg, read_code
from transactions.enrolment.requests import read_enrolment, read_renewal
from transactions.enrolment.weak_keys import FIELD_PRIME, SMALL_ORDER, is_weak
from transactions.signatures import KEY

REQUEST = "0123456789abcdef"
# The curve of RFC 8032: -x^2 + y^2 = 1 + d x^2 y^2.
CURVE_D = -121665 * pow(121666, -1, FIELD_PRIME) % FIELD_PRIME


def test_a_code_is_sixteen_symbols_in_four_groups() -> None:
    codes = {make_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
        assert set(code) <= {*ALPHABET, "-"}


def test_a_code_is_read_however_it_is_typed_or_scanned() -> None:
    code = make_code()
    symbols = code.replace("-", "")
    scanned = link("https://r.example/shops/", code)
    assert scanned == f"HTTPS://R.EXAMPLE/shops/E/{symbols}"
    for text in (code, symbols, symbols.lower(), f" {code.replace('-', ' ')} ", scanned, scanned.lower()):
        assert read_code(text) == symbols
    assert len(digest(symbols)) == 32


@given(st.integers(0, 15), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_a_typing_error(position: int, symbol: str) -> None:
    symbols = make_code().replace("-", "")
    wrong = symbols[:position] + symbol + symbols[position + 1 :]
    if wrong == symbols:
        assert read_code(wrong) == symbols
    else:
        with pytest.raises(NoCodeError, match="typing error"):
            read_code(wrong)


@given(st.text(max_size=300))
def test_any_other_text_is_no_code(text: str) -> None:
    with suppress(NoCodeError):
        assert len(read_code(text)) == 16


def test_a_qr_code_is_black_on_white_with_its_quiet_zone() -> None:
    text = link("https://r.example", make_code())
    drawn = qr_svg(text)
    # Of boxes, not of strokes: those of thousands of modules come out torn on paper.
    assert symbol(text).path in drawn
    assert "stroke" not in drawn
    # Version 2 has 25 modules a side, and four light ones around them.
    assert 'viewBox="0 0 33 33"' in drawn
    assert 'fill="#fff"' in drawn
    assert "style" not in drawn


def body(**changes: Any) -> bytes:
    fields = {"code": make_code(), "request": REQUEST, "public_key": None, "proof": None, "software": None}
    return json.dumps({**fields, **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"request": "a" * 15}, "/request"),
        ({"request": "a" * 65}, "/request"),
        ({"request": "with a blank inside"}, "/request"),
        ({"request": "něco šestnáctého"}, "/request"),
        ({"request": None}, "/request"),
        ({"software": "x" * 121}, "/software"),
        ({"software": "line\nfeed"}, "/software"),
        ({"code": "x" * 201}, "/code"),
        ({"code": ""}, "/code"),
        ({"proof": "AAAA"}, "/proof"),
        ({"public_key": "A" * 44, "proof": None}, "/public_key"),
        ({"public_key": "é" * 44, "proof": None}, "/public_key"),
        ({"public_key": "A" * 89}, "/public_key"),
        ({"public_key": 7}, "/public_key"),
        ({"serial": "1"}, "/serial"),
    ],
)
def test_what_is_outside_its_limits_is_named(changes: dict[str, Any], pointer: str) -> None:
    assert pointer in [fault.pointer for fault in read_enrolment(body(**changes)).faults]


@pytest.mark.parametrize(("length", "is_right"), [(16, True), (64, True)])
def test_a_request_may_have_all_lengths_up_to_its_limits(length: int, is_right: bool) -> None:
    assert (read_enrolment(body(request="a" * length)).faults == []) is is_right


def test_a_proof_is_over_the_prefix_and_the_request() -> None:
    private = Ed25519PrivateKey.generate()
    public_key = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    for message, is_right in ((KEY + REQUEST.encode(), True), (REQUEST.encode(), False)):
        proof = base64.b64encode(private.sign(message)).decode()
        raw = json.dumps({"request": REQUEST, "public_key": public_key, "proof": proof}).encode()
        asked = read_renewal(raw)
        assert (asked.faults == []) is is_right
        assert asked.public_key == private.public_key().public_bytes_raw()


def test_every_point_of_small_order_is_refused_as_a_key() -> None:
    for y in SMALL_ORDER:
        # Such a point times eight is the neutral one, whose y is 1.
        assert eight_times(y) == 1
        for written in (y, y + FIELD_PRIME):
            for sign in (0, 1 << 255):
                if written < 1 << 255:
                    assert is_weak((written | sign).to_bytes(32, "little"))
    weak = base64.b64encode(bytes(32)).decode()
    asked = read_enrolment(body(public_key=weak, proof=base64.b64encode(bytes(64)).decode()))
    assert [fault.pointer for fault in asked.faults] == ["/public_key"]
    assert not is_weak(Ed25519PrivateKey.generate().public_key().public_bytes_raw())


def eight_times(y: int) -> int:
    """The y coordinate of eight times a point, by its doubling in terms of y alone.

    With x^2 = (y^2 - 1) / (d y^2 + 1) the doubled point has y' = (y^2 + x^2) / (1 - d x^2 y^2).
    """
    for _ in range(3):
        square = y * y % FIELD_PRIME
        x_square = (square - 1) * pow(CURVE_D * square + 1, -1, FIELD_PRIME) % FIELD_PRIME
        y = (square + x_square) * pow(1 - CURVE_D * x_square * square, -1, FIELD_PRIME) % FIELD_PRIME
    return y


@given(st.binary(max_size=200))
def test_any_bytes_are_answered_with_faults(raw: bytes) -> None:
    for asked in (read_enrolment(raw), read_renewal(raw)):
        assert asked.faults
