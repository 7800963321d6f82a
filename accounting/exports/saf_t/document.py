"""Writes SAF-T: the OECD's Standard Audit File for Tax 2.0, without its source documents. Pure.

    Header                  whose books, of which days, in which currency
    MasterFiles             GeneralLedgerAccounts, TaxTable, AnalysisTypeTable (the stores)
    GeneralLedgerEntries    a Journal for each kind of entry; a Transaction is an entry

Source: OECD, "Guidance for the Standard Audit File - Tax, Version 2.0" (2010), Appendix B. Its order of elements and
lengths of texts are kept; what it demands and nobody has said is UNKNOWN. docs/audit-files.md has it all in a table.
"""

from collections.abc import Iterator

from accounting.exports.saf_t.content import AccountBalance, Book, Company, Entry, Journal, Line, Masters, TaxCode
from accounting.exports.saf_t.markup import CODE, MIDDLE_1, MIDDLE_2, SHORT, leaf, node, optional
from accounting.exports.saf_t.taxing import Taxed, taxed
from accounting.exports.texts import DECIMALS, decimal_text, factor_of

NAMESPACE = "urn:OECD:StandardAuditFile-Taxation/2.00"
VERSION = "2.00"
# Of what is written here, not of the program: an update that writes the same bytes does not change it.
FORMAT_VERSION = "1"
SOFTWARE = "Possys"
UNKNOWN = "unknown"
# ISO 3166-1 leaves it to its users; the format wants some country.
UNKNOWN_COUNTRY = "ZZ"
TAX = "VAT"
STORE = "STORE"
# The format has four types; what the owners brought in stands on the side of liabilities.
ACCOUNT_TYPES = {
    "asset": "Asset",
    "liability": "Liability",
    "equity": "Liability",
    "income": "Sale",
    "expense": "Expense",
}


def document(book: Book) -> Iterator[str]:
    """The file in pieces, an entry at a time; its currency must fit (texts.py)."""
    money = Money(book.currency)
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<AuditFile xmlns="{NAMESPACE}">\n'
    yield _header(book) + "\n"
    yield _masters(book.masters, _country(book.company), money) + "\n"
    yield "<GeneralLedgerEntries>"
    yield leaf("NumberOfEntries", str(book.totals.entries))
    yield leaf("TotalDebit", money.text(book.totals.debit)) + leaf("TotalCredit", money.text(book.totals.debit))
    for journal in book.journals:
        yield from _journal(journal, money)
    yield "</GeneralLedgerEntries>\n</AuditFile>\n"


class Money:
    """Amounts of one currency as the format writes them."""

    def __init__(self, currency: str) -> None:
        self.factor = factor_of(currency)

    def text(self, minor: int) -> str:
        """With a point and two decimals."""
        return decimal_text(minor * self.factor, DECIMALS, ".")

    def amount(self, name: str, minor: int) -> str:
        """An AmountStructure."""
        return node(name, leaf("Amount", self.text(minor)))

    def balance(self, when: str, minor: int) -> str:
        """A balance on its side."""
        return leaf(f"{when}{'Debit' if minor >= 0 else 'Credit'}Balance", self.text(abs(minor)))


def _header(book: Book) -> str:
    return node(
        "Header",
        leaf("AuditFileVersion", VERSION),
        leaf("AuditFileCountry", _country(book.company)),
        leaf("AuditFileDateCreated", str(book.made_on)),
        leaf("SoftwareCompanyName", SOFTWARE),
        leaf("SoftwareID", SOFTWARE),
        leaf("SoftwareVersion", FORMAT_VERSION),
        _company(book.company),
        leaf("DefaultCurrencyCode", book.currency),
        node(
            "SelectionCriteria",
            leaf("SelectionStartDate", str(book.first)),
            leaf("SelectionEndDate", str(book.last)),
            leaf("OtherCriteria", f"Entries in {book.currency}"),
        ),
        leaf("TaxAccountingBasis", "Cash registers", SHORT),
    )


def _company(company: Company) -> str:
    person = node("ContactPerson", leaf("FirstName", UNKNOWN), leaf("LastName", UNKNOWN))
    return node(
        "Company",
        leaf("RegistrationNumber", company.tax_id, MIDDLE_1),
        leaf("Name", company.name, MIDDLE_2),
        node(
            "Address",
            optional("StreetName", company.street, MIDDLE_2),
            leaf("City", company.city or UNKNOWN, MIDDLE_1),
            leaf("PostalCode", company.postal_code or UNKNOWN, SHORT),
            leaf("Country", _country(company)),
        ),
        node("Contact", person, leaf("Telephone", UNKNOWN)),
        node("TaxRegistration", leaf("TaxRegistrationNumber", company.tax_id, MIDDLE_1), leaf("TaxType", TAX)),
    )


def _country(company: Company) -> str:
    return company.country or UNKNOWN_COUNTRY


def _masters(masters: Masters, country: str, money: Money) -> str:
    accounts = node("GeneralLedgerAccounts", *[_account(one, money) for one in masters.accounts])
    details = [_tax_code(one, country) for one in masters.taxes]
    taxes = node("TaxTableEntry", leaf("TaxType", TAX), leaf("Description", "Value added tax"), *details)
    stores = [
        node(
            "AnalysisTypeTableEntry",
            leaf("AnalysisType", STORE),
            leaf("AnalysisTypeDescription", "Store"),
            leaf("AnalysisID", str(one.id)),
            leaf("AnalysisIDDescription", one.name),
        )
        for one in masters.stores
    ]
    return node(
        "MasterFiles",
        accounts if masters.accounts else "",
        node("TaxTable", taxes) if details else "",
        node("AnalysisTypeTable", *stores) if stores else "",
    )


def _account(account: AccountBalance, money: Money) -> str:
    return node(
        "Account",
        leaf("AccountID", account.number, MIDDLE_2),
        leaf("AccountDescription", account.name),
        leaf("AccountType", ACCOUNT_TYPES[account.kind]),
        money.balance("Opening", account.opening),
        money.balance("Closing", account.closing),
    )


def _tax_code(tax: TaxCode, country: str) -> str:
    return node(
        "TaxCodeDetails",
        leaf("TaxCode", tax.code, CODE),
        leaf("Description", f"{tax.rate} %" if tax.rate else "No rate: exempt or outside the scope"),
        optional("TaxPercentage", tax.rate),
        leaf("Country", country),
    )


def _journal(journal: Journal, money: Money) -> Iterator[str]:
    opened = False
    for entry in journal.entries:
        if not opened:
            head = leaf("JournalID", journal.kind, SHORT) + leaf("Description", journal.title)
            yield f"\n<Journal>{head}{leaf('Type', journal.kind, CODE)}"
            opened = True
        yield "\n" + _transaction(entry, money)
    if opened:
        yield "</Journal>"


def _transaction(entry: Entry, money: Money) -> str:
    taxes = taxed(entry.lines)
    return node(
        "Transaction",
        leaf("TransactionID", str(entry.number)),
        leaf("Period", str(entry.dated.month)),
        leaf("PeriodYear", str(entry.dated.year)),
        leaf("TransactionDate", str(entry.about)),
        leaf("SourceID", entry.made_by, MIDDLE_1),
        leaf("TransactionType", entry.kind, SHORT),
        leaf("Description", entry.text),
        leaf("SystemEntryDate", str(entry.made_on)),
        leaf("GLPostingDate", str(entry.dated)),
        *[_line(entry, line, taxes.get(line.position), money) for line in entry.lines],
    )


def _line(entry: Entry, line: Line, tax: Taxed | None, money: Money) -> str:
    side = "DebitAmount" if line.amount > 0 else "CreditAmount"
    store = "" if entry.store is None else str(entry.store)
    return node(
        "Line",
        leaf("RecordID", str(line.position)),
        leaf("AccountID", line.account, MIDDLE_2),
        node("Analysis", leaf("AnalysisType", STORE), leaf("AnalysisID", store)) if store else "",
        optional("SourceDocumentID", entry.source, MIDDLE_1),
        leaf("Description", line.text or entry.text),
        money.amount(side, abs(line.amount)),
        _tax(tax, money) if tax else "",
    )


def _tax(tax: Taxed, money: Money) -> str:
    return node(
        "TaxInformation",
        leaf("TaxType", TAX),
        leaf("TaxCode", tax.tax.code, CODE),
        optional("TaxPercentage", tax.tax.rate),
        "" if tax.base is None else leaf("TaxBase", money.text(tax.base)),
        money.amount("TaxAmount", tax.amount),
    )
