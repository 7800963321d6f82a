"""A receipt is found by what is printed on it, when all three facts are right, and by nothing less."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from possys.clock import now_ms, utc
from receipts.limits import SEARCHES
from receipts.search import queries
from receipts.search.queries import MATCHES_MAX, RECORDS_READ_MAX
from receipts.search.views import MISS_MS
from tests.factories import make_line, make_terminals
from tests.links import full_address
from tests.tampering import triggers_off
from tests.tills import Till

Record = Callable[..., str]
MISSED = b"Nothing matches all three"
# The tills of the store, and the entries of those tills.
MISS_QUERIES = 2


def today(clock: str = "10:07:31", offset: str = "+01:00") -> str:
    """An `issued_at` of yesterday or today that the window takes whatever the hour is."""
    return f"{utc(now_ms()) - timedelta(days=1):%Y-%m-%d}T{clock}{offset}"


def facts(till: Till, issued_at: str, **changes: Any) -> dict[str, Any]:
    """What a customer would type for `make_sale()`."""
    return {"number": till.number, "date": issued_at[:10], "time": issued_at[11:16], "total": "51,00", **changes}


def searched(client: Client, typed: dict[str, Any]) -> Any:
    cache.clear()
    return client.post("/search/", typed)


@pytest.mark.parametrize("offset", ["+00:00", "+01:00", "-12:00", "+14:00", "+05:45", "-03:30", "Z"])
@pytest.mark.parametrize("clock", ["00:00:00", "10:07:31.250", "23:59:59"])
def test_three_right_facts_lead_to_the_full_receipt(
    client: Client, till: Till, record: Record, offset: str, clock: str
) -> None:
    issued_at = today(clock, offset)
    code = record(issued_at=issued_at)
    answer = searched(client, facts(till, issued_at))
    assert (answer.status_code, answer["Location"]) == (303, full_address(code))
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "written",
    [{"number": "Till {}"}, {"number": "store no. {}"}, {"total": "CZK 51.00"}, {"total": "51"}, {"time": "10.07"}]
)  # fmt: skip
def test_the_facts_are_read_as_people_write_them(
    client: Client, till: Till, record: Record, written: dict[str, str]
) -> None:
    issued_at = today()
    record(issued_at=issued_at)
    typed = facts(till, issued_at, **{name: text.format(till.number) for name, text in written.items()})
    assert searched(client, typed).status_code == 303
    day, month, year = issued_at[8:10], issued_at[5:7], issued_at[:4]
    assert searched(client, {**typed, "date": f"{day}. {month}. {year}"}).status_code == 303


def test_the_store_s_number_is_as_good_as_the_till_s(client: Client, till: Till, record: Record) -> None:
    issued_at = today()
    code = record(issued_at=issued_at)
    second = Till(make_terminals(till.terminal.store)[0])
    typed = facts(till, issued_at, number=till.terminal.store_id)
    assert searched(client, typed)["Location"] == full_address(code)
    assert searched(client, facts(second, issued_at)).status_code == 404


@pytest.mark.parametrize(
    ("currency", "total"), [("JPY", "5,100"), ("JPY", "5100"), ("KWD", "5.100"), ("EUR", "51,00"), ("CLF", "0.5100")]
)
def test_the_sale_s_currency_says_what_the_total_means(
    client: Client, till: Till, record: Record, currency: str, total: str
) -> None:
    issued_at = today()
    record(issued_at=issued_at, currency=currency)
    assert searched(client, facts(till, issued_at, total=total)).status_code == 303


def test_a_total_that_fits_only_in_another_currency_is_wrong(client: Client, till: Till, record: Record) -> None:
    issued_at = today()
    record(issued_at=issued_at)  # 5100 minor units are 51.00 crowns; 5100 would be yen.
    assert searched(client, facts(till, issued_at, total="5100")).status_code == 404


def test_a_refund_is_found_with_or_without_its_sign(client: Client, till: Till, record: Record) -> None:
    first = record()
    issued_at = today()
    lines = [make_line(quantity="-2.000", amount=-5100)]
    record(type="refund", refers_to=first, reason="sour", lines=lines, issued_at=issued_at)
    assert searched(client, facts(till, issued_at, total="-51,00")).status_code == 303
    assert searched(client, facts(till, issued_at, total="51,00")).status_code == 303


def one_wrong(till: Till, rival: Till, issued_at: str) -> dict[str, dict[str, Any]]:
    """Each fact wrong in turn, by little and by much."""
    before = datetime.fromisoformat(issued_at) - timedelta(days=1)
    return {
        "number of nobody": facts(till, issued_at, number=2_000_000_000),
        "number of another till": facts(till, issued_at, number=rival.number),
        "number of another store": facts(till, issued_at, number=rival.terminal.store_id + 5000),
        "day": facts(till, issued_at, date=f"{before:%Y-%m-%d}"),
        "minute": facts(till, issued_at, time="10:08"),
        "hour": facts(till, issued_at, time="11:07"),
        "total": facts(till, issued_at, total="51,01"),
        "all": facts(till, issued_at, number=1, time="03:33", total="1"),
    }


def test_every_miss_is_the_same(client: Client, till: Till, rival: Till, record: Record) -> None:
    issued_at = today()
    record(issued_at=issued_at)
    # The rival's first till has the number of this store, and so would answer for it.
    rival = Till(make_terminals(rival.terminal.store)[0])
    bodies = set()
    for name, typed in one_wrong(till, rival, issued_at).items():
        with CaptureQueriesContext(connection) as asked:
            started = now_ms()
            page = searched(client, typed)
            assert now_ms() - started >= MISS_MS, name
        assert page.status_code == 404, name
        assert MISSED in page.content, name
        # The facts themselves stand in the fields again; nothing else may differ.
        bodies.add(re.sub(rb' value="[^"]*"', b"", page.content))
        # One whose minute is right in another time zone has its record read to know.
        assert len(asked) == MISS_QUERIES + (name == "hour"), name
    assert len(bodies) == 1


def test_a_miss_does_not_tell_what_it_looked_at(client: Client, till: Till, record: Record) -> None:
    issued_at = today()
    code = record(issued_at=issued_at)
    page = searched(client, facts(till, issued_at, total="52"))
    assert code.encode() not in page.content
    assert b"High Street" not in page.content


def test_equal_sales_in_a_minute_are_all_shown(client: Client, till: Till, record: Record) -> None:
    codes = [record(issued_at=today(f"10:07:{second}")) for second in (10, 20, 30)]
    assert len(codes) == MATCHES_MAX
    page = searched(client, facts(till, today()))
    assert page.status_code == 200
    assert [address for address in map(full_address, codes) if address not in page.content.decode()] == []
    assert b"10:07:10" in page.content


def test_of_more_equal_sales_than_that_none_is_shown(client: Client, till: Till, record: Record) -> None:
    codes = [record(issued_at=today(f"10:07:{second}")) for second in range(10, 15)]
    with CaptureQueriesContext(connection) as asked:
        page = searched(client, facts(till, today()))
    assert page.status_code == 200
    assert b"More than three fit" in page.content
    assert [code for code in codes if full_address(code) in page.content.decode()] == []
    assert len(asked) <= MISS_QUERIES + RECORDS_READ_MAX


def test_a_receipt_is_found_among_many_of_the_same_total(
    client: Client, till: Till, flush_everything: Callable[[], object]
) -> None:
    clocks = [f"{hour:02}:{minute:02}:00" for hour in range(24) for minute in (7, 22, 37, 52)]
    sales = [sale for at in clocks for sale in till.sales(1, issued_at=today(at))]
    assert till.send_batch(sales).status == 200
    flush_everything()
    for at in ("00:07", "10:22", "23:52"):
        with CaptureQueriesContext(connection) as asked:
            assert searched(client, facts(till, today(), time=at)).status_code == 303
        # One record teaches the offset, the next is the receipt.
        assert len(asked) <= MISS_QUERIES + 2


def test_a_sale_is_found_when_it_is_flushed(client: Client, till: Till, flush_everything: Callable[[], object]) -> None:
    issued_at = today()
    till.send(till.sale(issued_at=issued_at))
    page = searched(client, facts(till, issued_at))
    assert (page.status_code, b"a few seconds after" in page.content) == (404, True)
    flush_everything()
    assert searched(client, facts(till, issued_at)).status_code == 303


def test_another_retailer_s_sale_does_not_answer(client: Client, till: Till, rival: Till, record: Record) -> None:
    issued_at = today()
    record(issued_at=issued_at)
    # The rival's first till has the number of this store, and so would answer for it.
    second = Till(make_terminals(rival.terminal.store)[0])
    assert searched(client, facts(second, issued_at)).status_code == 404
    assert searched(client, facts(second, issued_at, number=rival.terminal.store_id)).status_code == 404


def test_everything_that_is_wrong_is_named_at_once(client: Client, db: None, store: object) -> None:
    page = client.post("/search/", {})
    assert page.status_code == 400
    for words in (b"number of the store or till", b"Give the date", b"Give the time", b"Type the total"):
        assert words in page.content
    assert page.content.count(b'aria-invalid="true"') == 4


HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


@pytest.mark.parametrize("field", ["number", "date", "time", "total"])
@pytest.mark.parametrize(
    "text",
    [HOSTILE, "0", "-1", "9" * 19, "1" * 5000, "' OR 1=1 --", "\x00", "２０２６-99-99", "0001-01-01", "9999-12-31"],
)
def test_hostile_facts_are_only_text(client: Client, db: None, store: object, field: str, text: str) -> None:
    typed = {"number": "5", "date": "2026-11-20", "time": "10:00", "total": "51", field: text}
    with CaptureQueriesContext(connection) as asked:
        page = client.post("/search/", typed)
    # `0` and `-1` are totals.
    assert page.status_code == (404 if field == "total" and text in {"0", "-1"} else 400)
    assert b"<script>alert" not in page.content
    assert b"<img src=x" not in page.content
    assert len(asked) in {0, MISS_QUERIES}


def test_a_program_that_fills_in_everything_finds_nothing(client: Client, till: Till, record: Record) -> None:
    issued_at = today()
    record(issued_at=issued_at)
    page = searched(client, facts(till, issued_at, website="https://example.org"))
    assert (page.status_code, MISSED in page.content) == (404, True)


def test_a_client_may_search_only_so_often(client: Client, till: Till, record: Record) -> None:
    issued_at = today()
    record(issued_at=issued_at)
    cache.clear()
    for _ in range(SEARCHES.most):
        assert client.post("/search/", facts(till, issued_at)).status_code == 303
    page = client.post("/search/", facts(till, issued_at))
    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= SEARCHES.window_s
    assert b"Please wait" in page.content
    assert page["Cache-Control"] == "no-store"
    assert "script-src 'self'" in page["Content-Security-Policy"]
    # The form itself, and faults in it, are not searches.
    assert client.get("/search/").status_code == 200
    assert client.post("/search/", {}).status_code == 400


def test_without_the_database_nothing_is_said(
    client: Client, till: Till, record: Record, database_away: Callable[[], None]
) -> None:
    issued_at = today()
    record(issued_at=issued_at)
    database_away()
    page = searched(client, facts(till, issued_at))
    assert page.status_code == 503
    assert MISSED not in page.content
    assert page["Retry-After"] == "10"


def test_the_search_keeps_nothing_and_shows_its_form_to_whoever_asks(client: Client, db: None) -> None:
    page = client.get("/search/")
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert not page.cookies
    # Facts in an address would end up in logs; they are not read there.
    assert b'value="2026-11-20"' not in client.get("/search/?number=5&date=2026-11-20").content
    assert client.put("/search/").status_code == 405


def test_a_big_store_is_sought_in_one_day_by_the_primary_key(ledger: object) -> None:
    tills = make_terminals(count=64)
    day = utc(now_ms()).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entry"
            " (shard, identity, issued_on, sealed_on, block, position, type, total, issued_at, store)"
            " SELECT %s, (till << 29) | (back * 1000 + sale), %s::date - back, %s::date - back, 1, 0, 0, sale,"
            " (%s::date - back)::timestamptz + sale * interval '1 minute', 1"
            " FROM unnest(%s::bigint[]) AS till, generate_series(1, 300) AS sale, generate_series(0, 1) AS back",
            [tills[0].number % 64, day, day, day, [till.number for till in tills]],
        )
        cursor.execute("ANALYZE ledger_entry")
        with CaptureQueriesContext(connection) as seen:
            minute = datetime.combine(day, datetime.min.time()) + timedelta(hours=1, minutes=7)
            found = queries._entries(queries.Facts(tills[0].store_id, minute, {2: 67}), [till.number for till in tills])
        assert len(found) == len(tills)
        cursor.execute(f"EXPLAIN {seen[-1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert f"Index Scan using ledger_entry_{day:%Y%m%d}_pkey" in plan
    assert plan.count("ledger_entry_2") == 2  # The index and its table: one partition.
    assert re.search(r"Index Cond: .*shard = till.shard.*identity >= till.low.*identity <= till.high", plan)


def test_no_more_tills_and_entries_are_looked_at_than_the_bounds_say(
    client: Client, till: Till, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = Till(make_terminals(till.terminal.store, count=3)[-1])
    issued_at = today()
    last.send(last.sale(issued_at=issued_at))
    record(issued_at=issued_at, total=5200, lines=[make_line(amount=5200, unit_price="2600")])
    by_store = facts(last, issued_at, number=till.terminal.store_id)
    assert searched(client, by_store).status_code == 303
    monkeypatch.setattr(queries, "TERMINALS_MAX", 3)
    assert searched(client, by_store).status_code == 404
    assert searched(client, facts(last, issued_at)).status_code == 303
    monkeypatch.setattr(queries, "CANDIDATES_MAX", 0)
    assert searched(client, facts(last, issued_at)).status_code == 404


def test_a_damaged_record_is_missed_like_any_other(client: Client, till: Till, record: Record) -> None:
    issued_at = today()
    record(issued_at=issued_at)
    with triggers_off("default") as cursor:
        cursor.execute("UPDATE ledger_block SET body = 'no block'")
    page = searched(client, facts(till, issued_at))
    assert (page.status_code, MISSED in page.content) == (404, True)
