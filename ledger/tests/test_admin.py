"""The ledger in the admin: read-only for everybody, found by receipt code, one day and shard at a time."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.contrib.admin import site
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from ledger import admin as ledger_admin
from ledger.admin_forms import today
from ledger.admin_receipts import differences
from ledger.models import Block, Entry, EpochRaise, Head, MarkedRecord
from possys.codes import Environment
from possys.money import shown
from tests.factories import make_line, make_store, make_terminals
from tests.people import Cast, make_cast
from tests.tampering import triggers_off
from tests.tills import Till
from transactions import service
from transactions.stream import shard_of

MODELS = (Block, Entry, EpochRaise, Head, MarkedRecord)
NO_STORE_URL = "redis://127.0.0.1:1/0"
ENTRIES = "/admin/ledger/entry/"
BLOCKS = "/admin/ledger/block/"
HEALTH = "/admin/ledger/head/"
MARKS = "/admin/ledger/markedrecord/"


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


class Sold(NamedTuple):
    """A sale in the ledger, its code, and the conflict that came after it."""

    sale: dict[str, Any]
    code: str
    conflict: MarkedRecord

    @property
    def block(self) -> str:
        """The page of the block with the sale."""
        return f"{BLOCKS}{today()}/{self.conflict.shard}/{self.conflict.first_block}/"

    @property
    def comparison(self) -> str:
        """The page of the conflict."""
        return f"{MARKS}{self.conflict.pk}/change/"


@pytest.fixture
def sold(till: Till, flush_everything: Callable[[], Any]) -> Sold:
    lines = [make_line(name="Milk <b>1 l</b>")]
    sale = till.sale(lines=lines)
    code = till.send(sale).json()["code"]
    flush_everything()
    assert till.send({**sale, "operator": "8"}).status == 409
    flush_everything()
    return Sold(sale, code, MarkedRecord.objects.get())


@pytest.fixture
def store_away(settings: Any) -> Iterator[Any]:
    """Call it and the capture store cannot be reached until the test ends."""
    here = settings.REDIS_URL

    def go(url: str = NO_STORE_URL) -> None:
        settings.REDIS_URL = url
        service.stores.cache_clear()
        service.capture.cache_clear()

    yield go
    go(here)


def test_only_those_with_the_right_to_look_see_the_ledger(cast: Cast, sold: Sold) -> None:
    pages = [reverse(f"admin:ledger_{model._meta.model_name}_changelist") for model in MODELS]
    pages += [f"{ENTRIES}?code={sold.code}", sold.block, sold.comparison, f"{HEALTH}5/change/"]
    pages += [reverse("admin:ledger_epochraise_change", args=[EpochRaise.objects.earliest("pk").pk])]
    for url in pages:
        assert cast.superuser.get(url).status_code == 200
        assert cast.viewer.get(url).status_code == 200
        assert cast.without_rights.get(url).status_code == 403
        assert cast.anonymous.get(url).headers["Location"].startswith("/admin/login/")


def test_nobody_adds_changes_or_deletes_superusers_included(cast: Cast, sold: Sold) -> None:
    before = [list(model.objects.order_by("pk").values_list()) for model in MODELS]
    for model in MODELS:
        where = f"/admin/ledger/{model._meta.model_name}/"
        key = model.objects.order_by("pk").values_list("pk", flat=True)[0]
        for url in (f"{where}add/", f"{where}{key}/change/", f"{where}{key}/delete/"):
            answer = cast.superuser.post(url, {"post": "yes", "stopped_reason": "x", "reason": "x", "kind": 1})
            assert answer.status_code in {200, 403, 404}
        cast.superuser.post(where, {"action": "delete_selected", "_selected_action": key, "post": "yes"})
    assert [list(model.objects.order_by("pk").values_list()) for model in MODELS] == before
    request = cast.superuser.get("/admin/").wsgi_request
    for admin_class in (ledger_admin.EntryAdmin, ledger_admin.HeadAdmin, ledger_admin.MarkedRecordAdmin):
        of_head = admin_class(Head, site)
        assert not of_head.has_add_permission(request)
        assert not of_head.has_change_permission(request)
        assert not of_head.has_delete_permission(request)


@pytest.mark.parametrize("written", [str, str.lower, lambda code: code.replace("-", " ")])
def test_an_entry_shows_the_decoded_receipt_whichever_way_the_code_is_typed(
    cast: Cast, sold: Sold, written: Callable[[str], str]
) -> None:
    text = cast.viewer.get(ENTRIES, {"code": written(sold.code)}).content.decode()
    for part in (
        sold.code,
        "Corner Shops",
        "High Street",
        escape("Milk <b>1 l</b>"),
        "2.000 pcs",
        shown(5100, "CZK"),
        "12.00 %",
    ):
        assert part in text
    assert "<b>1 l</b>" not in text
    assert sold.block in text
    assert sold.comparison in text


def test_terminal_sequence_and_day_lead_to_the_entry(cast: Cast, sold: Sold) -> None:
    asked = {"terminal": sold.sale["terminal"], "sequence": 1, "day": sold.sale["issued_at"][:10]}
    answer = cast.viewer.get(ENTRIES, asked)
    assert answer.headers["Location"] == f"{ENTRIES}?code={sold.code}"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"code": "ABCD-EFGH"}, "This is no receipt code"),
        ({"code": "x" * 5000}, "This is no receipt code"),
        ({"day": "2019-12-31", "terminal": "1", "sequence": "1"}, "2020-01-01"),
        ({"day": "yesterday"}, "Enter a valid date"),
        ({"shard": "64"}, "less than or equal to 63"),
        ({"terminal": "9" * 40}, "less than or equal to"),
        ({"move_on": "9" * 40}, ""),
        ({"terminal": "\u00b2"}, "Enter a whole number"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_on_the_page(
    cast: Cast, ledger: Any, asked: dict[str, str], said: str
) -> None:
    answer = cast.viewer.get(ENTRIES, asked)
    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_a_code_without_a_record_says_whether_the_sale_waits(cast: Cast, till: Till, store_away: Any) -> None:
    code = till.send().json()["code"]
    assert "has not yet taken it into the ledger" in cast.viewer.get(ENTRIES, {"code": code}).content.decode()
    other = till.send(till.sale(mode="training", sequence=5)).json()["code"]
    assert "training sales are never recorded" in cast.viewer.get(ENTRIES, {"code": other}).content.decode()
    invented = service.capture().keys.encode(Environment.PRODUCTION, today(), till.number, 4000)
    assert "no such sale was taken" in cast.viewer.get(ENTRIES, {"code": invented}).content.decode()
    store_away()
    assert "cannot be reached" in cast.viewer.get(ENTRIES, {"code": invented}).content.decode()


def test_the_list_of_entries_goes_on_page_by_page_and_stays_in_its_day_and_terminal(
    cast: Cast, till: Till, flush_everything: Callable[[], Any]
) -> None:
    till.send_batch(till.sales(60))
    neighbour = Till(make_terminals(till.terminal.store)[0])
    neighbour.send_batch(neighbour.sales(2))
    flush_everything()
    first = cast.viewer.get(ENTRIES)
    second = cast.viewer.get(first.context["next_url"])
    rows = [*first.context["table"]["rows"], *second.context["table"]["rows"]]
    assert [row[1:3] for row in rows] == [
        *[(till.number, sequence) for sequence in range(1, 61)],
        *[(neighbour.number, sequence) for sequence in (1, 2)],
    ]
    assert not second.context["next_url"]
    own = cast.viewer.get(ENTRIES, {"terminal": neighbour.number})
    assert len(own.context["table"]["rows"]) == 2
    before = cast.viewer.get(ENTRIES, {"day": (today() - timedelta(days=1)).isoformat()})
    assert before.context["table"]["rows"] == []


def test_the_list_of_blocks_goes_on_page_by_page_the_latest_first(
    cast: Cast, till: Till, flush_everything: Callable[[], Any]
) -> None:
    for _ in range(52):
        till.send()
        flush_everything()
    first = cast.viewer.get(BLOCKS, {"shard": shard_of(till.number)})
    second = cast.viewer.get(first.context["next_url"])
    rows = [*first.context["table"]["rows"], *second.context["table"]["rows"]]
    assert [row[3] for row in rows] == list(range(52, 0, -1))
    assert not second.context["next_url"]


def test_a_block_shows_its_header_and_marks_and_its_records_page_by_page(
    cast: Cast, sold: Sold, till: Till, flush_everything: Callable[[], Any]
) -> None:
    till.send_batch(till.sales(60))
    flush_everything()
    block = Block.objects.latest("number")
    url = f"{BLOCKS}{today()}/{block.shard}/{block.number}/"
    answer = cast.viewer.get(url)
    text = answer.content.decode()
    assert escape(bytes(block.header).decode()) in text
    assert "Computed again just now" in text
    assert [row[0] for row in answer.context["found"].records["rows"]] == list(range(50))
    more = cast.viewer.get(f"{url}?page=2")
    assert [row[0] for row in more.context["found"].records["rows"]] == list(range(50, 60))
    marked = cast.viewer.get(f"{BLOCKS}{today()}/{block.shard}/{sold.conflict.block}/")
    assert marked.context["found"].records["rows"][0][-1] == "conflict"
    listed = cast.viewer.get(BLOCKS, {"shard": block.shard}).context["table"]["rows"]
    assert {row[3]: row[5] for row in listed}[2] == 1


def test_a_changed_body_is_shown_as_such(cast: Cast, sold: Sold) -> None:
    first = Block.objects.filter(number=1)
    other = Block.objects.get(number=2)
    with triggers_off():
        first.update(body=other.body)
    assert "do not give the Merkle root" in cast.viewer.get(sold.block).content.decode()
    with triggers_off():
        first.update(body=b"\x00")
    assert "cannot be unpacked" in cast.viewer.get(sold.block).content.decode()


@pytest.mark.parametrize(
    "path", ["2026-13-01/0/1/", "1999-01-01/0/1/", "2026-11-23/64/1/", f"2026-11-23/0/{2**40}/", "x/0/1/"]
)
def test_a_block_that_is_not_there_is_not_found(cast: Cast, path: str) -> None:
    assert cast.viewer.get(BLOCKS + path).status_code == 404
    assert cast.viewer.get(f"{BLOCKS}{today()}/0/1/?page=0").status_code == 404


def test_a_conflict_stands_beside_the_first_record_with_the_fields_named(cast: Cast, sold: Sold) -> None:
    answer = cast.viewer.get(sold.comparison)
    assert answer.context["found"].differing["rows"] == [("/operator", '"7"', '"8"')]
    text = answer.content.decode()
    assert "They differ in 1 field." in text
    assert "First record: block 1" in text
    assert "This conflict: block 2" in text


def test_differing_fields_are_named_also_where_one_side_lacks_them() -> None:
    first = {"total": 1, "lines": [{"sku": "A"}, {"sku": "B"}], "buyer": None}
    second = {"total": 1, "lines": [{"sku": "X"}], "buyer": None}
    assert [tuple(found) for found in differences(first, second)] == [
        ("/lines/0/sku", '"A"', '"X"'),
        ("/lines/1/sku", '"B"', "(missing)"),
    ]


@pytest.mark.parametrize(
    ("asked", "found"), [("terminal", 1), ("code", 1), ("1", 0), ("nonsense", 0), ("9" * 30, 0), ("", 1)]
)
def test_marks_are_found_by_terminal_or_code(cast: Cast, sold: Sold, asked: str, found: int) -> None:
    term = {"terminal": str(sold.sale["terminal"]), "code": sold.code}.get(asked, asked)
    assert len(cast.viewer.get(MARKS, {"q": term}).context["cl"].result_list) == found


def test_marks_are_filtered_by_kind_and_shard(cast: Cast, sold: Sold) -> None:
    for asked, found in (
        ({"kind__exact": 2}, 1),
        ({"kind__exact": 1}, 0),
        ({"shard": sold.conflict.shard}, 1),
        ({"shard": 1}, 0),
    ):
        assert len(cast.viewer.get(MARKS, asked).context["cl"].result_list) == found


# Session and person, two or more for rights of those who are no superusers, then the page's own.
@pytest.mark.parametrize(
    ("url", "own"), [(ENTRIES, 2), (BLOCKS, 3), (MARKS, 1), (HEALTH, 3), ("/admin/ledger/epochraise/", 2)]
)
def test_a_list_takes_the_same_queries_for_few_and_for_many(
    cast: Cast,
    sold: Sold,
    till: Till,
    flush_everything: Callable[[], Any],
    django_assert_num_queries: Any,
    url: str,
    own: int,
) -> None:
    with django_assert_num_queries(2 + own):
        cast.superuser.get(url)
    for number in range(3):
        other = Till(make_terminals(make_store(name=f"Store {number}"))[0])
        other.send_batch(other.sales(10))
        till.send_batch(till.sales(3))
        till.send({**sold.sale, "operator": f"other {number}"})
        flush_everything()
    with django_assert_num_queries(2 + own):
        cast.superuser.get(url)


def test_pages_of_one_entry_and_one_block_take_a_handful_of_queries_and_lists_no_body(
    cast: Cast, sold: Sold, django_assert_num_queries: Any
) -> None:
    # Each is an act, and kept as one.
    with django_assert_num_queries(2 + 4 + 1):
        cast.superuser.get(ENTRIES, {"code": sold.code})
    with django_assert_num_queries(2 + 3 + 1):
        cast.superuser.get(sold.block)
    for url in (ENTRIES, BLOCKS):
        with CaptureQueriesContext(connection) as queries:
            cast.superuser.get(url)
        of_ledger = [query["sql"] for query in queries if "ledger_" in query["sql"]]
        assert not [sql for sql in of_ledger if '"body"' in sql]
        assert not [sql for sql in of_ledger if "COUNT(*)" in sql]


def test_every_query_of_a_partitioned_table_names_its_day(cast: Cast, sold: Sold) -> None:
    days = {"ledger_entry": '"issued_on" =', "ledger_block": '"sealed_on" ='}
    for url in (ENTRIES, BLOCKS, f"{ENTRIES}?code={sold.code}", sold.block, sold.comparison):
        with CaptureQueriesContext(connection) as queries:
            assert cast.superuser.get(url).status_code == 200
        for query in queries:
            for table, day in days.items():
                assert f'FROM "{table}"' not in query["sql"] or day in query["sql"]


def test_health_says_what_waits_what_is_stopped_and_what_to_do(cast: Cast, sold: Sold, till: Till) -> None:
    assert "The flush is well" in cast.viewer.get(HEALTH).content.decode()
    till.send()
    Head.objects.filter(shard=5).update(stopped_reason="entry 1-7 is damaged")
    Head.objects.exclude(sealed_at=None).update(sealed_at=F("sealed_at") - timedelta(hours=1))
    answer = cast.viewer.get(HEALTH)
    text = answer.content.decode()
    assert ("Waiting", "1") in answer.context["health"].figures
    assert "Shard 5 is stopped: entry 1-7 is damaged" in text
    assert "rebuild_store --shard 5" in text
    assert "1 records wait" in text
    assert len(answer.context["health"].shards["rows"]) == 64


def test_health_says_that_the_store_is_away(cast: Cast, sold: Sold, store_away: Any) -> None:
    store_away()
    answer = cast.viewer.get(HEALTH)
    assert "The capture store cannot be reached" in answer.content.decode()
    assert ("Waiting", "not known") in answer.context["health"].figures


def test_the_index_shows_health_to_those_who_may_see_it(cast: Cast, sold: Sold, settings: Any) -> None:
    settings.UNFOLD = {**settings.UNFOLD, "DASHBOARD_CALLBACK": "possys.home.dashboard"}
    assert "Waiting for the ledger" in cast.viewer.get("/admin/").content.decode()
    assert "Waiting for the ledger" not in cast.without_rights.get("/admin/").content.decode()
