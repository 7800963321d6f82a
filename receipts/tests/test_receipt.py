"""The public part of a sale and how it is written for people; no database."""

import msgspec
import pytest

from possys.codes import CodeLengthError, CodeSymbolError
from receipts.receipt import PublicSale, public_sale, written_code
from receipts.templatetags import receipt_format
from tests.factories import make_line, make_refund, make_sale


def test_what_names_people_or_tells_turnover_is_not_public() -> None:
    sale = public_sale(make_sale(buyer="CZ12345678", operator="Jana", lottery="LUCKY-1"))
    assert not {"buyer", "operator", "lottery", "sequence"} & set(msgspec.to_builtins(sale))
    assert "CZ12345678" not in repr(sale)


def test_everything_else_is_public_as_it_was_sent() -> None:
    sent = make_sale(lines=[make_line(), make_line(kind="discount", gtin=None, unit_price=None, amount=-100)])
    public = msgspec.to_builtins(public_sale(sent))
    assert public == {name: sent[name] for name in PublicSale.__struct_fields__}


@pytest.mark.parametrize(
    ("payments", "tendered", "change"),
    [
        ([("cash", 5100)], 6000, 900),
        ([("card", 4000), ("cash", 1100)], 2000, 900),
        ([("card", 5100)], 5100, 0),
        ([("cash", 5100)], None, None),
        ([("cash", 5100)], 5000, None),
    ],
)
def test_change_is_what_was_tendered_beyond_the_cash(
    payments: list[tuple[str, int]], tendered: int | None, change: int | None
) -> None:
    paid = [{"method": method, "amount": amount} for method, amount in payments]
    assert public_sale(make_sale(payments=paid, tendered=tendered)).change == change


def test_taxes_that_are_not_included_are_added() -> None:
    taxes = [{"code": "A", "rate": "10.00", "net": 5100, "tax": 510}]
    sale = public_sale(make_sale(taxes_included=False, taxes=taxes, total=5610))
    assert (sale.lines_total, sale.taxes_added) == (5100, 510)
    assert public_sale(make_sale()).taxes_added is None


def test_a_refund_refers_to_the_written_code_however_the_till_wrote_it() -> None:
    assert public_sale(make_refund("ooli2345 6789abcd")).refers_to == "0011-2345-6789-ABCD"


@pytest.mark.parametrize(
    "typed",
    [
        "0011-2345-6789-ABCD",
        "0011 2345 6789 abcd",
        "oOlI23456789abcd",
        " 0011\u20132345\u20136789\u2013abcd ",
        "https://receipts.example/r/0011-2345-6789-ABCD",
    ],
)
def test_a_code_is_read_however_it_was_typed_or_pasted(typed: str) -> None:
    assert written_code(typed) == "0011-2345-6789-ABCD"


def test_what_is_no_code_is_refused() -> None:
    with pytest.raises(CodeLengthError):
        written_code("0011-2345")
    with pytest.raises(CodeSymbolError):
        written_code("0011-2345-6789-ABC*")


def test_figures_are_written_in_the_currency_s_own_decimals() -> None:
    assert receipt_format.money(10300, "CZK") == "CZK\u00a0103.00"
    assert receipt_format.amount(123456, "CZK") == "1,234.56"
    assert receipt_format.amount(-705, "EUR") == "-7.05"
    assert receipt_format.amount(1500, "JPY") == "1,500"
    assert receipt_format.amount(1500, "KWD") == "1.500"


def test_unit_prices_keep_the_decimals_that_they_need() -> None:
    assert receipt_format.unit_price("2550", "CZK") == "25.50"
    assert receipt_format.unit_price("189.99", "EUR") == "1.8999"
    assert receipt_format.unit_price("120.5", "JPY") == "120.5"
    assert receipt_format.unit_price("0.0001", "EUR") == "0.000001"


def test_quantities_and_rates_lose_their_last_zeros() -> None:
    assert [receipt_format.plain(text) for text in ("2.000", "0.312", "-1", "12.00")] == [
        "2",
        "0.312",
        "-1",
        "12",
    ]


def test_times_are_written_in_the_till_s_own_offset() -> None:
    issued_at = "2026-11-23T23:30:00+05:30"
    assert receipt_format.moment(issued_at) == "23 November 2026, 23:30:00"
    assert receipt_format.offset(issued_at) == "UTC+05:30"
    assert receipt_format.offset("2026-11-23T23:30:00Z") == "UTC"
    assert receipt_format.moment_like("2026-11-23T18:00:01.250Z", issued_at) == "23 November 2026, 23:30:01"
