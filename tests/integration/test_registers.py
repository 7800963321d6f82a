"""Every list of the admin, whoever registered it: no COUNT(*), OFFSET, DISTINCT, and no scan where an index serves."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from possys.keyset import order_of
from possys.keyset_admin import KeysetAdmin, KeysetChangeList
from possys.typed_filter import TypedFilter
from tests.factories import make_retailer, make_store
from tests.people import make_person, signed_in
from transactions.models import Terminal
from transactions.operations import Premises, create_store, enrol_terminals

# Lists of Django's own that stay short, and why.
SHORT: dict[type[Any], str] = {Group: "roles, a handful"}
# So many rows may be a table's that a scan of it would be felt.
LARGE = {
    "transactions_retailer",
    "transactions_store",
    "transactions_terminal",
    "transactions_registrystep",
    "findings_finding",
    "ledger_markedrecord",
    "ledger_checkpoint",
    "ledger_log_entry",
    "lottery_entry",
    "lottery_player",
    "receipts_case",
    "receipts_watch",
    "receipts_mail",
}
# Of a filter with more choices, such as the shards, a few stand for all.
CHOICES_MAX = 4
ROWS = 3


@pytest.fixture
def staff(ledger: Any) -> Client:
    return signed_in(make_person("staff", is_superuser=True))


@pytest.fixture
def registers(ledger: Any) -> Any:
    """A few rows in each of the registry's tables, so that lists of one row a page have several pages."""
    for _ in range(ROWS):
        retailer = make_retailer()
        for _ in range(ROWS):
            enrol_terminals(store=make_store(retailer), count=ROWS)


def lists() -> list[type[Any]]:
    """The models whose lists are Django's, not a page of their own."""
    found = []
    for model, shown in admin.site._registry.items():
        try:
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        if type(shown).changelist_view in {admin.ModelAdmin.changelist_view, KeysetAdmin.changelist_view}:
            found.append(model)
    return sorted(found, key=lambda model: model._meta.label)


def address_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def ways(changes: KeysetChangeList) -> Iterator[str]:
    """The queries of a list: its pages, sorted and filtered in every way that it offers, and in some others."""
    yield from ("", "?p=z", "?p=2", "?all=&_facets=True", "?o=1.2.3", "?p=a%00")
    yield from (f"?{urlencode({'q': term})}" for term in ("1", "corner sho", "\0 %"))
    for one in changes.pager.links:
        if one.url:
            yield one.url
    for place in range(len(changes.list_display)):
        yield f"?o=-{place}"
    for spec in changes.filter_specs:
        if isinstance(spec, TypedFilter):
            yield from (f"?{spec.parameter_name}={typed}" for typed in ("1", "T-1"))
        else:
            choices = islice(spec.choices(changes), CHOICES_MAX)
            yield from (one["query_string"] for one in choices if "query_string" in one)


def test_every_list_is_by_keyset_or_short_for_a_reason() -> None:
    wild = [
        model._meta.label
        for model in lists()
        if not isinstance(admin.site._registry[model], KeysetAdmin) and model not in SHORT
    ]
    assert not wild, "make it a possys.keyset_admin.KeysetAdmin, or say here why it stays short"


def plan_of(sql: str) -> dict[str, Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        [(found,)] = cursor.fetchall()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def parts_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from parts_of(part)


def is_large_scan(part: dict[str, Any]) -> bool:
    return part["Node Type"] == "Seq Scan" and part["Relation Name"] in LARGE


@pytest.mark.parametrize("model", [one for one in lists() if one not in SHORT], ids=lambda model: model._meta.label)
def test_no_list_counts_or_skips_and_a_large_one_lies_along_an_index(
    staff: Client, registers: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large table's pages, what PostgreSQL does when scans and sorts are dear, as they are with millions of rows.

    Small tables say nothing of which index is chosen; the benchmark's part `admin` does.
    """
    monkeypatch.setattr(type(admin.site._registry[model]), "list_per_page", 1)
    changes = staff.get(address_of(model)).context["cl"]
    for way in dict.fromkeys(ways(changes)):
        with CaptureQueriesContext(connection) as queries:
            answer = staff.get(f"{address_of(model)}{way}")
        assert answer.status_code in {200, 302}, way
        for sql in (query["sql"] for query in queries):
            assert " OFFSET " not in sql, (way, sql)
            assert "SELECT DISTINCT" not in sql, (way, sql)
            # A count that stops at some row is none of the whole table.
            counted = "COUNT(*)" in sql.upper() and "LIMIT" not in sql
            assert not counted, (way, sql)
            if model._meta.db_table in LARGE and f'FROM "{model._meta.db_table}"' in sql and "q=" not in way:
                for part in parts_of(plan_of(sql)):
                    assert part["Node Type"] != "Sort", (way, part, sql)
                    assert not is_large_scan(part), (way, part, sql)


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("retailer", "corner sho"),
        ("retailer", "co"),
        ("retailer", "T-1"),
        ("store", "harbour"),
        ("store", "S1"),
        ("store", "T-1"),
        ("terminal", "till 5"),
        ("terminal", "T-1"),
        ("terminal", "corner"),
        ("registrystep", "64"),
    ],
)
def test_every_search_of_the_registry_is_answered_by_indexes(
    staff: Client, registers: Any, name: str, term: str
) -> None:
    address = reverse(f"admin:transactions_{name}_changelist")
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(address, {"q": term}).status_code == 200
    asked = [
        query["sql"]
        for query in queries
        if re.search(r'FROM "transactions_(retailer|store|terminal|reg)', query["sql"])
    ]
    assert asked
    for sql in asked:
        scans = [part for part in parts_of(plan_of(sql)) if is_large_scan(part)]
        assert not scans, sql


def test_a_search_finds_by_all_that_its_field_says(staff: Client, ledger: Any) -> None:
    retailer = make_retailer(name="Golden Pharmacy of the Harbour", tax_id="CZ-77")
    premises = Premises(address="7 Oak Road", place="Riverton", reference="A-1001")
    store = create_store(retailer=retailer, name="Airport store 5", premises=premises)
    [terminal] = enrol_terminals(store=store, count=1)
    terminal.label = "SN-4711-x"
    terminal.save(update_fields=["label"])
    for other in range(3):
        enrol_terminals(store=make_store(make_retailer()), count=1 + other)

    def found(name: str, term: str) -> list[int]:
        return [
            row.pk
            for row in staff.get(reverse(f"admin:transactions_{name}_changelist"), {"q": term})
            .context["cl"]
            .result_list
        ]

    for term in ("CZ-77", "harbour golden", "gol", "GO", "arm"):
        assert found("retailer", term) == [retailer.pk], term
    for term in ("CZ-77", "a-10", "riverton", "oak road", "AIRPORT 5", "pharmacy"):
        assert found("store", term) == [store.pk], term
    for term in ("sn-47", "CZ-77", "airport", "golden harbour", str(terminal.pk)):
        assert found("terminal", term) == [terminal.pk], term
    for name in ("retailer", "store", "terminal"):
        assert found(name, "nobody has this name") == []
        assert found(name, "%") == []


def test_an_action_is_never_carried_out_with_more_than_was_chosen(staff: Client, registers: Any) -> None:
    address = reverse("admin:transactions_terminal_changelist")
    chosen = {"action": "suspend_chosen", "select_across": "1", "index": "0", "confirmed": "1", "reason": "all of them"}
    answer = staff.post(address, {**chosen, "_selected_action": ["64"]}, follow=True)
    assert "choose the rows that are meant" in answer.content.decode()
    assert not Terminal.objects.filter(status="suspended").exists()


def test_the_way_back_from_a_row_leads_to_its_page_of_the_list(staff: Client, registers: Any) -> None:
    address = reverse("admin:transactions_terminal_changelist")
    page = f"{address}?p=z&status__exact=active"
    text = staff.get(page).content.decode()
    [way] = re.findall(r'href="(/admin/transactions/terminal/\d+/change/\?_changelist_filters=[^"]+)"', text)[:1]
    assert "p%3Dz" in way
    assert f"{address}?p=z&amp;status__exact=active" in staff.get(way.replace("&amp;", "&")).content.decode()


def test_an_order_that_no_index_has_is_not_heard(staff: Client, registers: Any) -> None:
    shown = staff.get(reverse("admin:transactions_terminal_changelist"), {"o": "-3"}).context["cl"]
    assert [str(column) for column in order_of(shown.queryset)] == ["number"]
    shown = staff.get(reverse("admin:transactions_terminal_changelist"), {"o": "-0"}).context["cl"]
    assert shown.get_ordering_field_columns() in ({}, {0: "desc"})


def test_the_number_of_rows_is_said_when_it_is_known_and_estimated_only_for_the_whole_table(
    staff: Client, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(make_retailer())
    enrol_terminals(store=store, count=120)
    address = reverse("admin:transactions_terminal_changelist")

    def shown(url: str) -> Any:
        return staff.get(url).context["cl"].pager

    def way(pager: Any, title: str) -> str:
        return str(next(one.url for one in pager.links if one.title == title))

    first = shown(address)
    assert first.shown == "Terminals 1–50"
    assert (way(first, "First"), way(first, "Previous")) == ("", "")
    second = shown(address + way(first, "Next"))
    assert second.shown == "Terminals 51–100"
    third = shown(address + way(second, "Next"))
    assert third.shown == "Terminals 101–120 of 120"
    assert (way(third, "Next"), way(third, "Last")) == ("", "")
    assert shown(address + way(third, "Previous")).shown == "Terminals 51–100"
    last = shown(address + way(first, "Last"))
    assert last.shown == "Terminals: the last 50"
    assert shown(address + way(last, "Previous")).shown == "Terminals: 50 of them"
    monkeypatch.setattr("possys.keyset_admin.ESTIMATE_LEAST", 100)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE transactions_terminal")
    assert shown(address).shown == "Terminals 1–50 of about 120"
    assert shown(f"{address}?status__exact=active").shown == "Terminals 1–50"
