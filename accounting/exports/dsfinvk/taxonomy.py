"""The tables of DSFinV-K 2.4 that we write, with their columns in the standard's order, and two of our own. Pure.

Source: BZSt, "Digitale Schnittstelle der Finanzverwaltung für Kassensysteme", version 2.4. Its names are German, and so
they stay: an auditor's program looks for them.
"""

from typing import NamedTuple

VERSION = "2.4"


class Text(NamedTuple):
    """A column of text, at most so many characters."""

    name: str
    length_max: int


class Number(NamedTuple):
    """A column of numbers with so many decimals."""

    name: str
    digits: int = 0


Column = Text | Number


class Table(NamedTuple):
    """A table: its file in the zip, its name in index.xml, its columns."""

    file: str
    name: str
    columns: tuple[Column, ...]


# What names a close: the till, when it was closed, its number. Every row begins with it.
_CLOSE = (Text("Z_KASSE_ID", 50), Text("Z_ERSTELLUNG", 30), Number("Z_NR"))
_RECEIPT = (*_CLOSE, Text("BON_ID", 40))
_LINE = (*_RECEIPT, Text("POS_ZEILE", 50))
_TAX = Number("UST_SCHLUESSEL")


def _address(prefix: str) -> tuple[Text, ...]:
    return Text(f"{prefix}STRASSE", 60), Text(f"{prefix}PLZ", 10), Text(f"{prefix}ORT", 62), Text(f"{prefix}LAND", 3)


def _amounts(prefix: str, tax: str = "UST") -> tuple[Number, ...]:
    return Number(f"{prefix}BRUTTO", 5), Number(f"{prefix}NETTO", 5), Number(tax, 5)


CLOSES = Table(
    "cashpointclosing.csv",
    "Stamm_Abschluss",
    (
        *_CLOSE,
        Text("Z_BUCHUNGSTAG", 25),
        Text("TAXONOMIE_VERSION", 10),
        Text("Z_START_ID", 40),
        Text("Z_ENDE_ID", 40),
        Text("NAME", 60),
        *_address(""),
        Text("STNR", 20),
        Text("USTID", 15),
        Number("Z_SE_ZAHLUNGEN", 2),
        Number("Z_SE_BARZAHLUNGEN", 2),
    ),
)
PLACES = Table("location.csv", "Stamm_Orte", (*_CLOSE, Text("LOC_NAME", 60), *_address("LOC_"), Text("LOC_USTID", 15)))
TILLS = Table(
    "cashregister.csv",
    "Stamm_Kassen",
    (
        *_CLOSE,
        Text("KASSE_BRAND", 50),
        Text("KASSE_MODELL", 50),
        Text("KASSE_SERIENNR", 70),
        Text("KASSE_SW_BRAND", 50),
        Text("KASSE_SW_VERSION", 50),
        Text("KASSE_BASISWAEH_CODE", 3),
        Text("KEINE_UST_ZUORDNUNG", 1),
    ),
)
TAXES = Table("vat.csv", "Stamm_USt", (*_CLOSE, _TAX, Number("UST_SATZ", 2), Text("UST_BESCHR", 55)))
CASES = Table(
    "businesscases.csv",
    "Z_GV_Typ",
    (*_CLOSE, Text("GV_TYP", 30), Text("GV_NAME", 40), Number("AGENTUR_ID"), _TAX, *_amounts("Z_UMS_", "Z_UST")),
)
PAYMENTS = Table(
    "payment.csv",
    "Z_Zahlart",
    (*_CLOSE, Text("ZAHLART_TYP", 25), Text("ZAHLART_NAME", 60), Number("Z_ZAHLART_BETRAG", 2)),
)
CASH = Table(
    "cash_per_currency.csv", "Z_Waehrungen", (*_CLOSE, Text("ZAHLART_WAEH", 3), Number("ZAHLART_BETRAG_WAEH", 2))
)
RECEIPTS = Table(
    "transactions.csv",
    "Bonkopf",
    (
        *_RECEIPT,
        Number("BON_NR"),
        Text("BON_TYP", 30),
        Text("BON_NAME", 60),
        Text("TERMINAL_ID", 50),
        Text("BON_STORNO", 1),
        Text("BON_START", 30),
        Text("BON_ENDE", 30),
        Text("BEDIENER_ID", 50),
        Text("BEDIENER_NAME", 50),
        Number("UMS_BRUTTO", 2),
        Text("KUNDE_NAME", 50),
        Text("KUNDE_ID", 50),
        Text("KUNDE_TYP", 50),
        *_address("KUNDE_"),
        Text("KUNDE_USTID", 15),
        Text("BON_NOTIZ", 255),
    ),
)
RECEIPT_TAXES = Table("transactions_vat.csv", "Bonkopf_USt", (*_RECEIPT, _TAX, *_amounts("BON_", "BON_UST")))
RECEIPT_PAYMENTS = Table(
    "datapayment.csv",
    "Bonkopf_Zahlarten",
    (
        *_RECEIPT,
        Text("ZAHLART_TYP", 25),
        Text("ZAHLART_NAME", 60),
        Text("ZAHLWAEH_CODE", 3),
        Number("ZAHLWAEH_BETRAG", 2),
        Number("BASISWAEH_BETRAG", 2),
    ),
)
LINES = Table(
    "lines.csv",
    "Bonpos",
    (
        *_LINE,
        Text("GUTSCHEIN_NR", 50),
        Text("ARTIKELTEXT", 255),
        Text("POS_TERMINAL_ID", 50),
        Text("GV_TYP", 30),
        Text("GV_NAME", 40),
        Text("INHAUS", 1),
        Text("P_STORNO", 1),
        Number("AGENTUR_ID"),
        Text("ART_NR", 50),
        Text("GTIN", 50),
        Text("WARENGR_ID", 40),
        Text("WARENGR", 50),
        Number("MENGE", 3),
        Number("FAKTOR", 3),
        Text("EINHEIT", 50),
        Number("STK_BR", 5),
    ),
)
LINE_TAXES = Table("lines_vat.csv", "Bonpos_USt", (*_LINE, _TAX, *_amounts("POS_", "POS_UST")))
REFERENCES = Table(
    "references.csv",
    "Bon_Referenzen",
    (
        *_LINE,
        Text("REF_TYP", 20),
        Text("REF_NAME", 40),
        Text("REF_DATUM", 30),
        Text("REF_Z_KASSE_ID", 50),
        Number("REF_Z_NR"),
        Text("REF_BON_ID", 40),
    ),
)
# In the place of a TSE's signatures: what anybody can hold against the ledger's signed log.
CLOSE_PROOFS = Table(
    "possys_closes.csv", "Possys_Abschluss", (*_CLOSE, Number("PART"), Text("HASH", 64), Text("PREVIOUS_HASH", 64))
)
RECEIPT_PROOFS = Table(
    "possys_receipts.csv",
    "Possys_Bon",
    (*_RECEIPT, Number("SHARD"), Number("BLOCK"), Number("POSITION"), Text("LEAF_HASH", 64)),
)
# In the order in which index.xml names them and the zip holds them.
TABLES = (
    CLOSES, PLACES, TILLS, TAXES, CASES, PAYMENTS, CASH, RECEIPTS, RECEIPT_PAYMENTS, LINES, LINE_TAXES, RECEIPT_TAXES,
    REFERENCES, CLOSE_PROOFS, RECEIPT_PROOFS,
)  # fmt: skip
