"""SAF-T: valid by the schema, equal to the journal, the same bytes whenever it is made."""

import os
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from lxml import etree

from accounting.books.models import Account, Books, JournalEntry, JournalLine
from accounting.exports import saf_t as saf_t_folder
from accounting.exports.faults import AuditFault
from accounting.exports.making import saf_t
from accounting.exports.saf_t import reading
from accounting.exports.saf_t.document import NAMESPACE
from accounting.exports.tests.books import MADE_AT, SALE, make_books, make_entry, make_store_close
from tests.factories import make_retailer, make_store
from transactions.models import Retailer

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
BEFORE, AFTER = date(2026, 10, 31), date(2026, 12, 1)
NS = {"s": NAMESPACE}
PROFILE = Path(saf_t_folder.__file__).parent / "profile.xsd"
# Somebody's copy of the OECD's own schema, or of one that a country made of it: it may not be given on with our code.
OFFICIAL = os.environ.get("SAFT_XSD", "")
HOSTILE = "=cmd|'/c calc'!A1, \"a\"; <b>&amp;]]>\r\nnext\x00\x08\ufffe line \ud800"
RENT: tuple[tuple[str, int, str, str], ...] = (("6000", 500, "", ""), ("1010", -500, "", ""))


@pytest.fixture
def retailer(db: None) -> Retailer:
    """Books with an entry before the period, three in it and one behind it."""
    made = make_retailer("Corner Shops", "CZ12345678")
    make_books(made)
    store = make_store(made, name="High Street")
    make_entry(made, BEFORE, (("1000", 7, "", ""), ("3000", -7, "", "")))
    close = make_store_close(store, FIRST)
    make_entry(made, FIRST, kind=JournalEntry.Kind.CLOSE, close=close, store_id=store.pk)
    Books.objects.update(locked_until=BEFORE)
    # About a day that is locked, so that it counts for the first one.
    make_entry(made, BEFORE)
    wrong = make_entry(made, LAST, RENT)
    make_entry(made, LAST, [(a, -b, c, d) for a, b, c, d in RENT], kind=JournalEntry.Kind.REVERSAL, reverses=wrong)
    make_entry(made, AFTER)
    make_entry(made, FIRST, currency="EUR")
    return made


def made(retailer: Retailer, first: date = FIRST, last: date = LAST, currency: str = "CZK") -> bytes:
    return saf_t(retailer.pk, first, last, currency).read()


def test_a_file_is_valid_by_the_schema(retailer: Retailer) -> None:
    schema = etree.XMLSchema(etree.parse(PROFILE))
    schema.assertValid(etree.fromstring(made(retailer)))
    # Also without anything in it.
    schema.assertValid(etree.fromstring(made(retailer, date(2020, 1, 1), date(2020, 1, 31))))
    broken = made(retailer).replace(b"<TransactionID>", b"<Period>9</Period><TransactionID>", 1)
    assert not schema.validate(etree.fromstring(broken))


@pytest.mark.skipif(not OFFICIAL, reason="SAFT_XSD names no copy of the OECD's schema")
def test_a_file_is_valid_by_the_oecd_s_own_schema(retailer: Retailer) -> None:
    schema = etree.XMLSchema(etree.parse(OFFICIAL))
    schema.assertValid(etree.fromstring(made(retailer)))
    schema.assertValid(etree.fromstring(made(retailer, date(2020, 1, 1), date(2020, 1, 31))))


def test_its_totals_are_the_journal_s(retailer: Retailer) -> None:
    root = parsed(made(retailer))
    entries = JournalEntry.objects.filter(retailer=retailer, currency="CZK", dated__range=(FIRST, LAST))
    ledger = root.find("s:GeneralLedgerEntries", NS)
    assert ledger is not None
    transactions = ledger.findall("s:Journal/s:Transaction", NS)
    total = Decimal(entries.aggregate(total=Sum("total"))["total"]) / 100
    assert ledger.findtext("s:NumberOfEntries", None, NS) == str(len(transactions)) == str(entries.count()) == "4"
    for side, name in (("Debit", "s:TotalDebit"), ("Credit", "s:TotalCredit")):
        amounts = ledger.findall(f"s:Journal/s:Transaction/s:Line/s:{side}Amount/s:Amount", NS)
        assert sum(Decimal(amount.text or "") for amount in amounts) == total == Decimal(text(ledger, name))
    assert {text(one, "s:TransactionID") for one in transactions} == {str(one.number) for one in entries}


def test_balances_open_and_close_with_the_period(retailer: Retailer) -> None:
    root = parsed(made(retailer))
    for account in root.iterfind("s:MasterFiles/s:GeneralLedgerAccounts/s:Account", NS):
        lines = JournalLine.objects.filter(account__number=text(account, "s:AccountID"), entry__currency="CZK")
        for when, until in (("Opening", FIRST - timedelta(1)), ("Closing", LAST)):
            booked = lines.filter(entry__dated__lte=until).aggregate(sum=Sum("amount", default=0))["sum"]
            assert balance(account, when) == Decimal(booked) / 100
    # What was never posted to is not there.
    assert "4000" in made(retailer).decode()
    assert b"<AccountID>6000</AccountID>" not in made(retailer, FIRST, FIRST)


def test_a_line_of_revenue_tells_its_tax(retailer: Retailer) -> None:
    root = parsed(made(retailer, FIRST, FIRST))
    lines = root.findall("s:GeneralLedgerEntries/s:Journal/s:Transaction/s:Line", NS)
    taxed = {text(line, "s:AccountID"): line.find("s:TaxInformation", NS) for line in lines}
    assert [number for number, tax in taxed.items() if tax is not None] == ["4000"]
    tax = taxed["4000"]
    assert tax is not None
    said = [text(tax, f"s:{name}") for name in ("TaxCode", "TaxPercentage", "TaxBase", "TaxAmount/s:Amount")]
    assert said == ["A", "21.00", "100.00", "21.00"]
    assert [text(one, "s:AnalysisID") for one in root.iterfind(".//s:Line/s:Analysis", NS)] == [
        text(root, ".//s:AnalysisTypeTableEntry/s:AnalysisID")
    ] * 3


def test_made_again_it_is_the_same_bytes(retailer: Retailer) -> None:
    before = saf_t(retailer.pk, FIRST, LAST, "CZK")
    Account.objects.create(retailer=retailer, number="0001", name="Opened later", kind="asset")
    make_entry(retailer, AFTER, now=MADE_AT + timedelta(days=400))
    make_entry(retailer, FIRST, currency="EUR", now=MADE_AT + timedelta(days=400))
    after = saf_t(retailer.pk, FIRST, LAST, "CZK")
    assert (after.sha256, after.name, after.size) == (before.sha256, before.name, before.size)
    content = after.read()
    assert content == before.read()
    # Its date is that of its last entry, not today's.
    assert text(parsed(content), ".//s:AuditFileDateCreated") == str(MADE_AT.date())
    # And it would tell a change within the period.
    make_entry(retailer, LAST)
    assert saf_t(retailer.pk, FIRST, LAST, "CZK").sha256 != before.sha256


def test_whatever_was_typed_can_be_read_by_two_parsers(db: None) -> None:
    retailer = make_retailer("Corner")
    Retailer.objects.filter(pk=retailer.pk).update(name=HOSTILE.replace("\x00", "").replace("\ud800", ""))
    make_books(retailer, n4000="=1+1 <&>\u0085\u2028")
    Books.objects.filter(pk=retailer.pk).update(city="<" * 60, street="&" * 120, country="CZ")
    typed = HOSTILE.replace("\x00", "").replace("\ud800", "") * 3
    make_entry(retailer, FIRST, text=typed[:200])
    content = made(retailer)
    etree.XMLSchema(etree.parse(PROFILE)).assertValid(etree.fromstring(content))
    said = text(parsed(content), ".//s:Transaction/s:Description")
    assert said.startswith("=cmd|'/c calc'!A1, \"a\"; <b>&amp;]]>  next \ufffd line")
    assert not any(ord(letter) < 32 for letter in said)


def test_the_two_sides_of_an_entry_balance_for_every_currency_that_fits(retailer: Retailer) -> None:
    make_entry(retailer, FIRST, currency="JPY")
    root = parsed(made(retailer, currency="JPY"))
    assert text(root, ".//s:TotalDebit") == f"{SALE[0][1]}.00"
    with pytest.raises(AuditFault, match="KWD has more"):
        made(retailer, currency="KWD")


def test_too_much_or_nonsense_is_refused_with_what_to_do(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AuditFault, match="before the first"):
        made(retailer, LAST, FIRST)
    monkeypatch.setattr(reading, "LINES_MAX", 9)
    with pytest.raises(AuditFault, match=r"10 lines.*fewer days") as refused:
        made(retailer)
    assert refused.value.field == "last"


def test_a_file_takes_the_same_few_queries_whatever_is_in_it(
    retailer: Retailer, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        make_entry(retailer, FIRST)
    kinds = len(JournalEntry.Kind)
    with django_assert_num_queries(7 + kinds):
        made(retailer)


def parsed(content: bytes) -> ET.Element:
    """By expat, while lxml is libxml2."""
    return ET.fromstring(content)  # noqa: S314 - our own file


def text(element: ET.Element, path: str) -> str:
    found = element.findtext(path, None, NS)
    assert found is not None
    return found


def balance(account: ET.Element, when: str) -> Decimal:
    debit, credit = (account.findtext(f"s:{when}{side}Balance", None, NS) for side in ("Debit", "Credit"))
    assert (debit is None) != (credit is None)
    return Decimal(debit) if debit is not None else -Decimal(credit or "")
