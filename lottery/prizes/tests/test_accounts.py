"""Names and IBANs as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban

from lottery.prizes.accounts import AccountError, masked, read_account, read_payee
from lottery.prizes.tests.conftest import IBAN


@pytest.mark.parametrize("typed", [IBAN, "CZ65 0800 0000 1920 0014 5399", " cz6508000000192000145399 "])
def test_an_iban_is_read_with_blanks_and_in_small_letters(typed: str) -> None:
    assert read_account(typed) == IBAN


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("CZ6508000000192000145398", "typing error"),
        ("CZ65080000001920001453", "typing error"),
        ("XX6508000000192000145399", "typing error"),
        ("192000145399/0800", "begins with two letters"),
        ("CZ65=cmd|'/c calc'!A1", "begins with two letters"),
        ("nothing", "begins with two letters"),
    ],
)
def test_what_is_wrong_with_an_iban_is_said(typed: str, said: str) -> None:
    with pytest.raises(AccountError, match=said):
        read_account(typed)


@given(st.text(max_size=70))
def test_whatever_is_typed_is_an_iban_or_a_fault(typed: str) -> None:
    try:
        found = read_account(typed)
    except AccountError:
        return
    assert iban.is_valid(found)
    assert found.isascii()
    assert found == found.upper()


@given(position=st.integers(0, len(IBAN) - 1), digit=st.integers(0, 9))
def test_no_single_wrong_digit_gets_through(position: int, digit: int) -> None:
    typed = IBAN[:position] + str(digit) + IBAN[position + 1 :]
    if typed != IBAN:
        with pytest.raises(AccountError):
            read_account(typed)


def test_a_name_has_single_blanks() -> None:
    assert read_payee("  Jana \t Nováková ") == "Jana Nováková"


@pytest.mark.parametrize("typed", ["", "7", "12345", "J", "Jana\x00Nová", "Ja\u202ena"])
def test_what_is_no_name_is_a_fault(typed: str) -> None:
    with pytest.raises(AccountError):
        read_payee(typed)


def test_a_masked_account_tells_its_owner_which_it_is_and_no_more() -> None:
    assert masked(IBAN) == "CZ •••• 5399"
    assert masked("") == ""
