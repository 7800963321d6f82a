"""The payer's files, going out and coming back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lottery.prizes.errors import PrizeError
from lottery.prizes.payout_files import FILE_BYTES_MAX, FORMULA, Payout, payout_csv, read_references
from lottery.prizes.tests.conftest import IBAN

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PAYOUTS = st.lists(
    st.builds(
        Payout,
        reference=st.from_regex(r"L[1-9]\d{0,3}-\d{6}", fullmatch=True),
        payee=NAMES,
        iban=st.just(IBAN),
        amount=st.integers(1, 2**53 - 1),
        currency=st.sampled_from(["CZK", "EUR", "JPY", "KWD"]),
    ),
    max_size=5,
)


@given(PAYOUTS)
def test_what_went_out_comes_back(payouts: list[Payout]) -> None:
    assert read_references(payout_csv(payouts)) == [one.reference for one in payouts]


@given(PAYOUTS)
def test_no_cell_is_a_formula(payouts: list[Payout]) -> None:
    rows = list(csv.reader(io.StringIO(payout_csv(payouts).decode("utf-8-sig"), newline="")))
    assert len(rows) == len(payouts) + 1
    assert not any(cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA) for row in rows for cell in row)


def test_amounts_are_in_major_units_of_their_currency() -> None:
    payouts = [Payout("L1-000001", "Jana", IBAN, 123_456, currency) for currency in ("CZK", "JPY", "KWD")]
    rows = list(csv.reader(io.StringIO(payout_csv(payouts).decode("utf-8-sig"))))
    assert [row[3:] for row in rows[1:]] == [["1234.56", "CZK"], ["123456", "JPY"], ["123.456", "KWD"]]


@pytest.mark.parametrize(
    "content",
    [
        b"L1-000001\nL1-000002\n",
        b"reference\r\nL1-000001\r\n\r\n L1-000002 \r\n",
        b"State;Reference\npaid;L1-000001\npaid;L1-000002\nshort\n",
        '\ufeff"Name","REFERENCE"\n"Nov\u00e1k, Jan",L1-000001\nx,L1-000002'.encode(),
    ],
)
def test_banks_write_references_in_many_ways(content: bytes) -> None:
    assert read_references(content) == ["L1-000001", "L1-000002"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "no column"),
        (b"\xff\xfe", "UTF-8"),
        (b"x" * (FILE_BYTES_MAX + 1), "larger"),
        (b'reference\n"' + b"x" * 200_000 + b'"', "no CSV"),
    ],
)
def test_what_is_no_such_file_is_said(content: bytes, said: str) -> None:
    with pytest.raises(PrizeError, match=said):
        read_references(content)
