"""The zip of a store's days: other programs read it, it adds up to the closes, made again it is the same bytes."""

import csv
import io
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from dsfinvk.models import Bonkopf, Bonpos, Bonpos_USt, Stamm_Abschluss
from dsfinvk.validate import validate_zip

from accounting.days.content import Content, read_content
from accounting.days.models import TerminalClose
from accounting.exports.dsfinvk import export, taxonomy
from accounting.exports.faults import AuditFault
from accounting.exports.making import dsfinvk
from accounting.exports.tests.trade import HOSTILE, Trade
from ledger.log.checkpointer import catch_up
from ledger.merkle import leaf_hash
from ledger.queries import Recorded, find_recorded

KEY = "Z_KASSE_ID, Z_NR"


@pytest.fixture
def trade(ledger: Any, flush_everything: Callable[[], Any]) -> Trade:
    """A store with a closed day in two parts."""
    made = Trade(flush_everything)
    made.sell_part()
    made.sell_part()
    return made


def packed(trade: Trade, currency: str = "CZK") -> bytes:
    return dsfinvk(trade.store.pk, trade.day, trade.day, currency).read()


@pytest.fixture
def tables(trade: Trade) -> Iterator[sqlite3.Connection]:
    """The tables as a database has them that was filled from the CSV files by what index.xml's format says."""
    with zipfile.ZipFile(io.BytesIO(packed(trade))) as archive, sqlite3.connect(":memory:") as database:
        for name in archive.namelist()[1:]:
            rows = list(csv.reader(io.StringIO(archive.read(name).decode(), newline=""), delimiter=";"))
            columns = ", ".join(f'"{column}"' for column in rows[0])
            database.execute(f'CREATE TABLE "{name[:-4]}" ({columns})')
            marks = ", ".join("?" * len(rows[0]))
            database.executemany(f'INSERT INTO "{name[:-4]}" VALUES ({marks})', rows[1:])
        database.create_function("scaled", 1, lambda text: int(text.replace(",", "")))
        yield database
    database.close()


def closes(trade: Trade) -> dict[tuple[str, str], Content]:
    rows = TerminalClose.objects.filter(close__store=trade.store)
    return {(str(row.terminal), str(row.number)): read_content(row.content) for row in rows}


def sums(tables: sqlite3.Connection, query: str) -> dict[tuple[Any, ...], Any]:
    return {row[:-1]: row[-1] for row in tables.execute(query)}


def test_receipts_add_up_to_the_closes(trade: Trade, tables: sqlite3.Connection) -> None:
    totals_and_payments_are_those_of_the_closes(trade, tables)
    taxes_are_those_of_the_closes(trade, tables)


def test_each_receipt_has_its_place(trade: Trade, tables: sqlite3.Connection) -> None:
    each_is_in_the_close_that_counted_it(trade, tables)
    each_names_its_leaf_in_the_ledger(trade, tables)


def test_receipts_say_what_the_tills_sent(trade: Trade, tables: sqlite3.Connection) -> None:
    lines_are_what_the_till_sent(tables)
    hostile_names_stay_in_their_cells(tables)
    refunds_and_voids_name_what_they_take_back(trade, tables)


def totals_and_payments_are_those_of_the_closes(trade: Trade, tables: sqlite3.Connection) -> None:
    own = {key: next(one for one in said.currencies if one.currency == "CZK") for key, said in closes(trade).items()}
    assert len(own) == 4
    totals = {key: figures.total for key, figures in own.items()}
    sold = sum(sale["total"] for part in trade.sold for sale in part if sale["currency"] == "CZK")
    assert sum(totals.values()) == sold
    assert sums(tables, f"SELECT {KEY}, SUM(scaled(UMS_BRUTTO)) FROM transactions GROUP BY 1, 2") == totals
    assert sums(tables, f"SELECT {KEY}, SUM(scaled(Z_SE_ZAHLUNGEN)) FROM cashpointclosing GROUP BY 1, 2") == totals
    # Lines have five decimals, so that their net and tax add up; where taxes are included the gross is exact.
    gross = sums(tables, f"SELECT {KEY}, SUM(scaled(Z_UMS_BRUTTO)) FROM businesscases GROUP BY 1, 2")
    assert gross == {key: total * 1000 for key, total in totals.items()}
    assert gross == sums(tables, f"SELECT {KEY}, SUM(scaled(POS_BRUTTO)) FROM lines_vat GROUP BY 1, 2")
    paid = {(*key, one.method): one.amount for key, figures in own.items() for one in figures.payments}
    counted = "SELECT {}, ZAHLART_NAME, SUM(scaled({})) FROM {} GROUP BY 1, 2, 3"
    assert sums(tables, counted.format(KEY, "BASISWAEH_BETRAG", "datapayment")) == paid
    assert sums(tables, counted.format(KEY, "Z_ZAHLART_BETRAG", "payment")) == paid
    cash = {key[:2]: amount for key, amount in paid.items() if key[2] == "cash"}
    assert sums(tables, f"SELECT {KEY}, scaled(ZAHLART_BETRAG_WAEH) FROM cash_per_currency") == cash


def taxes_are_those_of_the_closes(trade: Trade, tables: sqlite3.Connection) -> None:
    found = sums(
        tables,
        """SELECT t.Z_KASSE_ID, t.Z_NR, v.UST_BESCHR, SUM(scaled(BON_NETTO)) || ' ' || SUM(scaled(BON_UST))
        FROM transactions_vat t JOIN vat v USING (Z_KASSE_ID, Z_ERSTELLUNG, Z_NR, UST_SCHLUESSEL) GROUP BY 1, 2, 3""",
    )
    expected = {}
    for key, said in closes(trade).items():
        figures = next(one for one in said.currencies if one.currency == "CZK")
        for tax in figures.taxes:
            name = f"{tax.code}: {tax.rate or 'no rate'}"
            expected[*key, name] = f"{tax.net * 1000} {tax.tax * 1000}"
        expected[*key, "Rounding: outside the scope"] = f"{figures.rounding * 1000} 0"
    assert found == expected
    rates = tables.execute("SELECT DISTINCT UST_BESCHR, UST_SATZ FROM vat").fetchall()
    assert ("B: 7.5", "7,50") in rates
    assert ("0: no rate", "0,00") in rates


def each_is_in_the_close_that_counted_it(trade: Trade, tables: sqlite3.Connection) -> None:
    parts = {(sale["terminal"], sale["sequence"]): part for part, sold in enumerate(trade.sold, 1) for sale in sold}
    rows = tables.execute(
        "SELECT Z_KASSE_ID, BON_NR, PART, TERMINAL_ID FROM transactions JOIN possys_closes USING (Z_KASSE_ID, Z_NR)"
    ).fetchall()
    in_crowns = [sale for sold in trade.sold for sale in sold if sale["currency"] == "CZK"]
    assert len(rows) == len(in_crowns)
    assert all(parts[int(till), int(number)] == int(part) and till == own for till, number, part, own in rows)


def test_what_came_after_the_last_close_is_not_there_yet(trade: Trade) -> None:
    before = packed(trade)
    trade.sell(trade.tills[0].sale(issued_at=trade.at))
    # Nor another day's, nor another store's.
    other = Trade(trade.flush)
    other.sell_part()
    assert packed(trade) == before


def test_made_again_it_is_the_same_bytes(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dsfinvk(trade.store.pk, trade.day, trade.day, "CZK")
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    again = dsfinvk(trade.store.pk, trade.day, trade.day, "CZK")
    assert (again.sha256, again.name) == (first.sha256, first.name)
    content = again.read()
    assert content == first.read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["index.xml", *[table.file for table in taxonomy.TABLES]]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_validator_of_the_trade_reads_it_and_knows_the_columns(trade: Trade, capsys: Any) -> None:
    content = packed(trade)
    assert validate_zip(io.BytesIO(content)) == []
    # It prints values that do not fit.
    assert capsys.readouterr().out == ""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for model in (Bonkopf, Bonpos, Bonpos_USt, Stamm_Abschluss):
            head = archive.read(model._filename).decode().splitlines()[0]
            assert [name.strip('"') for name in head.split(";")] == [field.name for field in model._fields]


def hostile_names_stay_in_their_cells(tables: sqlite3.Connection) -> None:
    assert tables.execute("SELECT DISTINCT LOC_NAME FROM location").fetchall() == [(f"'{HOSTILE}",)]
    names = tables.execute("SELECT DISTINCT ARTIKELTEXT, ART_NR, WARENGR, EINHEIT FROM lines WHERE ART_NR LIKE '%1+1'")
    assert names.fetchall() == [(f"'{HOSTILE}", "'-1+1", "'@SUM(A1)", "'=kg")]
    people = tables.execute("SELECT DISTINCT BEDIENER_ID, KUNDE_ID FROM transactions WHERE KUNDE_ID <> ''")
    assert people.fetchall() == [("'+1", "'@buyer")]


def lines_are_what_the_till_sent(tables: sqlite3.Connection) -> None:
    ham = tables.execute("SELECT DISTINCT MENGE, STK_BR, GV_TYP FROM lines WHERE ARTIKELTEXT = 'Ham'").fetchall()
    assert ham == [("0,313", "160,00000", "Umsatz")]
    cases = dict(tables.execute("SELECT GV_NAME, GV_TYP FROM lines").fetchall())
    assert cases["deposit"] == "PfandRueckzahlung"
    assert cases["tip"] == "TrinkgeldAN"
    assert cases["discount"] == "Rabatt"
    # A price without its tax is written with it.
    dear = tables.execute("SELECT STK_BR FROM lines WHERE STK_BR = '28,56000'").fetchall()
    assert len(dear) == 4


def refunds_and_voids_name_what_they_take_back(trade: Trade, tables: sqlite3.Connection) -> None:
    rows = tables.execute(
        "SELECT BON_NAME, BON_STORNO, UMS_BRUTTO, BON_NOTIZ, REF_BON_ID, REF_DATUM, REF_Z_KASSE_ID "
        'FROM transactions JOIN "references" USING (BON_ID) ORDER BY BON_NAME, transactions.Z_NR'
    ).fetchall()
    day, tills = str(trade.day), [str(till.number) for till in trade.tills]
    assert rows[0] == ("refund", "0", "-51,00", "sour", trade.codes[15], day, tills[1])
    assert rows[2] == ("void", "1", "-51,00", "sour", trade.codes[0], day, tills[0])
    assert len(rows) == 4


def each_names_its_leaf_in_the_ledger(trade: Trade, tables: sqlite3.Connection) -> None:
    rows = tables.execute(
        "SELECT Z_KASSE_ID, BON_NR, BON_ID, SHARD, BLOCK, POSITION, LEAF_HASH "
        "FROM transactions JOIN possys_receipts USING (Z_KASSE_ID, BON_ID)"
    ).fetchall()
    for terminal, number, code, *place, leaf in rows[::7]:
        found = find_recorded(int(terminal), int(number), trade.day)
        assert isinstance(found, Recorded)
        assert found.record.code == code
        assert [found.shard, found.block, found.position] == [int(part) for part in place]
        assert leaf_hash(found.raw).hex() == leaf


def test_a_file_is_in_one_currency(trade: Trade) -> None:
    with pytest.raises(AuditFault, match="CZK, EUR") as refused:
        packed(trade, "")
    assert refused.value.field == "currency"
    with pytest.raises(AuditFault, match="Nothing was sold in USD"):
        packed(trade, "USD")
    assert dsfinvk(trade.store.pk, trade.day, trade.day, "EUR").name.endswith("EUR.zip")


def test_too_much_or_nonsense_is_refused_with_what_to_do(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    day = trade.day
    with pytest.raises(AuditFault, match="31 days at most"):
        dsfinvk(trade.store.pk, day, day + timedelta(31))
    with pytest.raises(AuditFault, match="closed yet"):
        dsfinvk(trade.store.pk, day + timedelta(5), day + timedelta(6))
    monkeypatch.setattr(export, "RECORDS_MAX", 33)
    with pytest.raises(AuditFault, match="36 receipts, and a file is made of 33"):
        packed(trade)
    monkeypatch.setattr(export, "RECORDS_MAX", 36)
    monkeypatch.setattr(export, "BLOCKS_MAX", 1)
    with pytest.raises(AuditFault, match="4 blocks, and a file is made of 1"):
        packed(trade)


def test_of_a_removed_receipt_its_total_and_its_leaf_are_left(ledger: Any, flush_everything: Callable[[], Any]) -> None:
    trade = Trade(flush_everything)
    trade.close(trade.sell(*[trade.tills[0].sale(issued_at=trade.at) for _ in range(2)]))
    before = rows_of(packed(trade), "transactions.csv")
    catch_up()
    call_command("remove_record", trade.codes[0], reason="law", yes=True)
    content = packed(trade)
    removed, other = rows_of(content, "transactions.csv")
    assert other == before[1]
    assert removed["BON_NOTIZ"].startswith("Removed")
    kept = ("BON_ID", "BON_NR", "UMS_BRUTTO", "Z_NR", "TERMINAL_ID", "BON_NAME")
    assert [removed[name] for name in kept] == [before[0][name] for name in kept]
    assert {row["BON_ID"] for row in rows_of(content, "lines.csv")} == {trade.codes[1]}
    assert [row["BON_ID"] for row in rows_of(content, "possys_receipts.csv")] == trade.codes


def rows_of(content: bytes, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline=""), delimiter=";"))
