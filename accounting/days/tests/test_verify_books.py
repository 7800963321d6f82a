"""verify_books finds every change that a superuser can make to closes, and says where."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InternalError, ProgrammingError, connection, transaction

from accounting.books.models import JournalLine
from accounting.days.content import hash_of
from accounting.days.due import close_due
from accounting.days.models import StoreClose, TerminalClose, TerminalDay
from accounting.days.tests.trade import DAY, MORNING, Shop, days_from, make_shop, random_sales
from tests.tampering import triggers_off

pytestmark = pytest.mark.django_db
NOW = MORNING + timedelta(days=3)


@pytest.fixture
def shop() -> Shop:
    """Three days of two tills, closed, with a supplement of the first."""
    one = make_shop()
    sales = random_sales(one, random.Random(5), 40, days_from(DAY, 3))
    one.feed(sales, NOW - timedelta(hours=1))
    one.complete(NOW)
    assert close_due(NOW) == 3
    one.feed([one.sale(DAY), one.sale(DAY, till=1)], NOW)
    assert close_due(NOW) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return one


def verified(*arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, summary and faults."""
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("verify_books", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    # Behind the faults stands what to do.
    faults = err.getvalue().splitlines()
    return code, out.getvalue().strip(), faults[:-1] if code else faults


def test_books_that_nobody_touched_have_no_faults(shop: Shop) -> None:
    code, summary, faults = verified()
    assert (code, faults) == (0, [])
    assert summary.startswith("1 stores, 4 closes with 8 Z reports and ")
    assert summary.endswith("0 faults; 0 days of stores wait to be closed")
    assert verified("--retailer", "2")[1].startswith("0 stores, 0 closes")


def test_what_is_fed_and_not_closed_yet_waits_and_is_no_fault(shop: Shop) -> None:
    shop.feed([shop.sale(DAY), shop.sale(DAY + timedelta(days=4))], NOW + timedelta(hours=1))
    code, summary, faults = verified()
    assert (code, faults) == (0, [])
    assert summary.endswith("2 days of stores wait to be closed")


@pytest.mark.parametrize("table", ["accounting_storeclose", "accounting_terminalclose", "accounting_tilltotals"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_a_close(shop: Shop, table: str, statement: str) -> None:
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def _update(model: Any, pk: int, **changes: Any) -> None:
    with triggers_off():
        model.objects.filter(pk=pk).update(**changes)


def _report() -> TerminalClose:
    return TerminalClose.objects.select_related("close").order_by("id")[2]


def _figures(text: str) -> str:
    """A close with one unit more, in the canonical form."""
    content = json.loads(text)
    content["currencies"][0]["gross"] += 1
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def change_content() -> str:
    one = _report()
    _update(TerminalClose, one.pk, content=_figures(one.content))
    return "its hash is not that of its content"


def change_content_with_its_hash() -> str:
    one = _report()
    content = _figures(one.content)
    _update(TerminalClose, one.pk, content=content, hash=hash_of(content))
    return "it does not follow Z"


def remove_a_report() -> str:
    one = TerminalClose.objects.order_by("number")[2]
    with triggers_off():
        TerminalClose.objects.filter(pk=one.pk).delete()
    return f"Z {one.number} is missing before it"


def remove_the_last_close() -> str:
    one = StoreClose.objects.get(part=2)
    with triggers_off() as cursor:
        for table in ("accounting_journalline WHERE entry_id IN (SELECT id FROM accounting_journalentry WHERE close_id",
                      "accounting_journalentry WHERE (close_id", "accounting_terminalclose WHERE (close_id",
                      "accounting_storeclose WHERE (id"):  # fmt: skip
            cursor.execute(f"DELETE FROM {table} = {one.pk})")
    return f"{DAY}, terminal {shop_terminal()}: its closes are not what is fed"


def shop_terminal() -> int:
    return TerminalDay.objects.order_by("terminal").values_list("terminal", flat=True)[0]


def change_the_store_close() -> str:
    one = StoreClose.objects.order_by("id")[1]
    _update(StoreClose, one.pk, content=_figures(one.content))
    return "its figures are not the sum of its Z reports"


def move_a_close() -> str:
    one = StoreClose.objects.order_by("id")[1]
    _update(StoreClose, one.pk, day=one.day + timedelta(days=7))
    return "its content is about another close"


def write_it_otherwise() -> str:
    one = StoreClose.objects.order_by("id")[1]
    _update(StoreClose, one.pk, content=one.content.replace(",", ", ", 1))
    return "its content is not as it was written"


def break_the_content() -> str:
    one = StoreClose.objects.order_by("id")[1]
    _update(StoreClose, one.pk, content=one.content[:-1])
    return "its content cannot be read"


def change_the_journal() -> str:
    line = JournalLine.objects.filter(entry__kind="close").order_by("id")[0]
    _update(JournalLine, line.pk, amount=line.amount + 1)
    return "has other amounts"


def change_the_feed() -> str:
    row = TerminalDay.objects.filter(day=DAY)[0]
    TerminalDay.objects.filter(day=DAY, terminal=row.terminal, currency=row.currency).update(gross=row.gross + 1)
    return "its closes are not what is fed (day"


@pytest.mark.parametrize(
    "tamper",
    [
        change_content, change_content_with_its_hash, remove_a_report, remove_the_last_close, change_the_store_close,
        move_a_close, write_it_otherwise, break_the_content, change_the_journal, change_the_feed,
    ],
)  # fmt: skip
def test_a_change_is_found_and_its_place_is_named(shop: Shop, tamper: Callable[[], str]) -> None:
    fault = tamper()
    code, summary, faults = verified()
    assert code == 1
    assert any(fault in line and line.startswith(f"store {shop.store.pk}, 2026-11-") for line in faults), faults
    assert f"{len(faults)} faults" in summary
