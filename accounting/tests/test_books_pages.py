"""The journal's, cash's and VAT's pages, forms, files and API: what they show, to whom, and in how many queries."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.books.account_pages import read_account
from accounting.books.asking import JournalAsking, LinesAsking, StatementAsking
from accounting.books.chart import open_books
from accounting.books.journal_pages import read_journal
from accounting.books.lines_page import read_lines
from accounting.books.models import Account, Books, JournalEntry, PostingRule
from accounting.books.posting import post_close
from accounting.cash.models import CashUp
from accounting.service import SERVICE
from accounting.tests.closes import make_close, make_figures, sold
from portal.keys.operations import make_key
from portal.models import Membership
from portal.queries import scope_of
from portal.rights import Right, Role
from possys.accounts.models import User
from tests.cast import RetailCast, make_member, make_retail_cast
from tests.factories import make_retailer, make_store
from tests.people import signed_in
from transactions.models import Store, Terminal

pytestmark = pytest.mark.django_db
DAY = timezone.localtime().date() - timedelta(days=5)
BOOKS_PAGES = {
    "journal": "",
    "lines": "",
    "accounts": "",
    "rules": "",
    "vat": "",
    "entry": "number=1",
    "account": "account=1000",
}
BOOKS_FORMS = ("write-entry", "reverse", "add-account", "change-account", "delete-account", "rule", "settings")
# Session, user and scope take four; a page's own are said in its module.
QUERIES = {
    "journal": 7, "lines": 7, "accounts": 8, "rules": 6, "vat": 10, "entry": 6, "account": 9, "cash-ups": 7,
}  # fmt: skip


@pytest.fixture
def cast(db: None) -> RetailCast:
    """Everybody; two stores have a close, the rival's too."""
    made = make_retail_cast()
    for store in (*made.stores[:2], made.rival_store):
        net = 777_700 if store == made.rival_store else 100_000
        post_close(make_close(store, make_figures([sold(net, 21_000)]), day=DAY), timezone.localtime())
    return made


def at(cast: RetailCast, key: str, query: str = "", kind: str = "", *args: str) -> str:
    address = reverse(f"books-{key}{kind}", args=[cast.retailer.pk, *args])
    return f"{address}?{query}"


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def sheet(client: Client, address: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(client.get(address).content.decode("utf-8-sig"))))


def posted(client: Client, address: str, **fields: Any) -> Any:
    return client.post(address, fields)


def token(name: str) -> str:
    member = Membership.objects.get(user__username=name)
    return make_key(member, name="till software", now=timezone.localtime())


def call(cast: RetailCast, key: str, body: Any = None, *, name: str = "corner-owner", query: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token(name)}"}
    address = at(cast, key, query, "-api")
    if body is None:
        return Client().get(address, headers=headers)
    return Client().post(address, json.dumps(body), "application/json", headers=headers)


def test_who_keeps_the_books_sees_every_page_and_nobody_else_does(cast: RetailCast) -> None:
    addresses = [at(cast, key, query) for key, query in BOOKS_PAGES.items()]
    addresses += [at(cast, key) for key in BOOKS_FORMS]
    addresses += [at(cast, key, query, "-file", "csv") for key, query in BOOKS_PAGES.items()]
    for address in addresses:
        for role, client in cast.members.items():
            may = role in {"owner", "accountant"}
            assert client.get(address).status_code == (200 if may else 403), (address, role)
        for outsider in cast.outsiders.values():
            assert outsider.get(address).status_code == 404, address
        assert cast.anonymous.get(address).status_code == 302
    for key, query in BOOKS_PAGES.items():
        assert call(cast, key, query=query).status_code == 200
    for name in ("corner-store-manager", "corner-viewer"):
        assert call(cast, "journal", name=name).status_code == 403
    assert call(cast, "journal", name="rival").status_code == 404


def test_every_form_of_the_books_is_only_for_who_keeps_them(cast: RetailCast) -> None:
    before = list(JournalEntry.objects.values()), list(PostingRule.objects.values()), list(Books.objects.values())
    for key in BOOKS_FORMS:
        for client in (cast.store_manager, cast.viewer):
            assert posted(client, at(cast, key), number=1, text="x").status_code == 403
        for client in cast.outsiders.values():
            assert posted(client, at(cast, key), number=1, text="x").status_code == 404
        assert call(cast, key, {}, name="corner-store-manager").status_code == 403
    assert before == (
        list(JournalEntry.objects.values()), list(PostingRule.objects.values()), list(Books.objects.values()),
    )  # fmt: skip


def test_cash_is_for_the_manager_of_the_store_and_nobody_s_who_looks_only(cast: RetailCast) -> None:
    high, _, oak = cast.stores
    for store, client in ((high, cast.store_manager), (oak, cast.owner)):
        fields = {"store": store.pk, "day": DAY, "currency": "CZK", "counted": "1000.00", "note": f"at {store.name}"}
        assert posted(client, at(cast, "cash-up"), **fields).status_code == 302
    page = text(cast.store_manager, at(cast, "cash-ups"))
    assert "at High Street" in page
    assert "Oak Avenue" not in page
    assert "at Oak Avenue" in text(cast.owner, at(cast, "cash-ups"))
    assert text(cast.store_manager, at(cast, "cash-ups", f"store={oak.pk}"), 404)
    refused = posted(cast.store_manager, at(cast, "cash-up"), store=oak.pk, day=DAY, currency="CZK", counted="1")
    assert refused.status_code == 400
    assert posted(cast.viewer, at(cast, "cash-up")).status_code == 403
    assert cast.viewer.get(at(cast, "cash-ups")).status_code == 403
    for outsider in cast.outsiders.values():
        assert outsider.get(at(cast, "cash-ups")).status_code == 404
    assert CashUp.objects.count() == 2
    # Entries are the books', and a store manager does not keep them.
    assert "/entry/" not in page
    assert "/entry/?number=" in text(cast.owner, at(cast, "cash-ups"))


@pytest.mark.parametrize("key", QUERIES)
def test_a_page_takes_the_same_queries_for_few_and_for_many(
    cast: RetailCast, key: str, django_assert_num_queries: Callable[..., Any]
) -> None:
    count_all(cast, DAY)
    address = at(cast, key, BOOKS_PAGES.get(key, ""))
    cast.owner.get(address)
    with django_assert_num_queries(QUERIES[key]):
        cast.owner.get(address)
    for number in range(1, 4):
        for store in cast.stores:
            day = DAY - timedelta(days=number)
            post_close(make_close(store, make_figures([sold(100, 21)]), day=day), timezone.localtime())
        count_all(cast, day)
    with django_assert_num_queries(QUERIES[key]):
        cast.owner.get(address)


def count_all(cast: RetailCast, day: Any) -> None:
    for store in cast.stores:
        fields = {"store": store.pk, "day": day, "currency": "CZK", "counted": "10.00"}
        assert posted(cast.owner, at(cast, "cash-up"), **fields).status_code == 302


def test_the_journal_shows_own_entries_and_narrows_them(cast: RetailCast) -> None:
    high = cast.stores[0]
    page = text(cast.owner, at(cast, "journal"))
    assert page.count("Close of High Street") == page.count("Close of Mill Lane") == 1
    assert "1,210.00" in page
    assert "7,987.00" not in page
    for query, found in (
        (f"store={high.pk}", ["Close of High Street"]),
        ("account=2100", ["Close of High Street", "Close of Mill Lane"]),
        ("account=1100", []),
        ("kind=manual", []),
        ("search=mill", ["Close of Mill Lane"]),
        ("search=2", ["Close of High Street", "Close of Mill Lane"]),
        (f"last={DAY - timedelta(days=1)}", []),
        ("after=2", ["Close of High Street"]),
    ):
        shown = text(cast.owner, at(cast, "journal", query))
        own = [name for name in ("Close of High Street", "Close of Mill Lane") if name in shown]
        assert own == found, query
    assert "no account with this number" in text(cast.owner, at(cast, "journal", "account=77"), 400)
    assert "no place in the list" in text(cast.owner, at(cast, "journal", "after=x"), 400)


def test_a_long_list_goes_on_where_it_ended(cast: RetailCast) -> None:
    first = call(cast, "journal").json()
    assert [row["entry"] for row in first["lists"]["entries"]["rows"]] == ["2", "1"]
    assert first["next"] == ""
    scope = scope_of(User.objects.get(username="corner-owner"), cast.retailer.pk)
    assert scope is not None
    now = timezone.localtime()
    for asks, read, query in (
        (JournalAsking, read_journal, ""),
        (LinesAsking, read_lines, "account=1000"),
        (StatementAsking, read_account, "account=1000"),
    ):
        seen: list[str] = []
        balances: list[Any] = []
        after = ""
        for _ in range(2):
            asking = asks(QueryDict(f"{query}&after={after}"), scope=scope, now=now)
            assert asking.is_valid(), asking.errors
            contents = read(scope, {**asking.cleaned_data, "limit": 1}, now)
            seen += [str(row[0]) for row in contents.panels[0].rows]
            balances += [row[-1] for row in contents.panels[0].rows]
            after = contents.after
        assert sorted(seen) == ["1", "2"]
        assert after == ""
        if read is read_account:
            assert balances == [121_000, 242_000]


def test_an_entry_shows_its_lines_and_nobody_s_else(cast: RetailCast) -> None:
    page = text(cast.owner, at(cast, "entry", "number=1"))
    for shown in ("Cash in hand", "Output VAT", "1,210.00", "210.00", "Sales A 21.00 %", "Reverse this entry"):
        assert shown in page
    assert text(cast.owner, at(cast, "entry", "number=3"), 404)
    assert text(cast.owner, at(cast, "entry", "number=x"), 400)


def test_an_entry_is_written_by_hand_and_taken_back(cast: RetailCast) -> None:
    fields = {
        "day": DAY, "currency": "CZK", "text": "Rent", "rows-0-account": "6900", "rows-0-debit": "500.50",
        "rows-1-account": "1020", "rows-1-credit": "500.50", "rows-1-text": "paid",
    }  # fmt: skip
    answer = posted(cast.owner, at(cast, "write-entry"), **fields)
    assert answer.status_code == 302
    assert answer["Location"].endswith("/entry/?number=3")
    entry = JournalEntry.objects.get(retailer=cast.retailer, number=3)
    assert (entry.total, entry.kind, entry.made_by and entry.made_by.username) == (50_050, "manual", "corner-owner")
    answer = posted(cast.owner, at(cast, "write-entry"), **{**fields, "rows-1-credit": "500.49"})
    assert answer.status_code == 400
    assert "CZK 500.50 of debits and CZK 500.49 of credits" in answer.content.decode().replace("\xa0", " ")
    answer = posted(cast.owner, at(cast, "write-entry"), **{**fields, "rows-1-account": "77"})
    assert "There is no account 77 in use." in answer.content.decode()
    assert JournalEntry.objects.filter(retailer=cast.retailer).count() == 3
    assert posted(cast.owner, at(cast, "reverse"), number=3, text="twice").status_code == 302
    again = posted(cast.owner, at(cast, "reverse"), number=3, text="twice")
    assert "reversed already" in again.content.decode()
    page = text(cast.owner, at(cast, "entry", "number=3"))
    assert "Reversed by entry 4." in page
    assert "Reverse this entry" not in page


def test_the_same_by_api_with_everything_named_that_is_wrong(cast: RetailCast) -> None:
    rows = [{"account": "6900", "debit": "12.5"}, {"account": "1020", "credit": 12.5}]
    body = {"day": str(DAY), "currency": "czk", "text": "Rent", "rows": rows}
    answer = call(cast, "write-entry", body)
    assert answer.status_code == 201, answer.content
    assert answer.json() == {"id": 3, "message": "Entry 3 is written."}
    answer = call(cast, "write-entry", {**body, "rows": [rows[0], {"account": "1020", "credit": "12.505"}]})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/rows/1/credit", "detail": "CZK has 2 decimals."}]
    answer = call(cast, "write-entry", {**body, "rows": [rows[0], {"account": "1020", "credit": "-12.5"}]})
    assert answer.status_code == 422
    assert call(cast, "write-entry", {**body, "currency": "XXQ"}).status_code == 422
    lines = call(cast, "entry", query="number=3").json()["lists"]["lines"]
    assert lines["currency"] == "CZK"
    assert [(row["account"], row["debit"], row["credit"]) for row in lines["rows"]] == [
        ("6900", "12.50", None), ("1020", None, "12.50"),
    ]  # fmt: skip


def test_the_trial_balance_and_a_statement_agree_with_the_entries(cast: RetailCast) -> None:
    page = text(cast.owner, at(cast, "accounts"))
    assert all(amount in page for amount in ("2,420.00", "−2,000.00", "−420.00"))
    rows = call(cast, "accounts").json()["lists"]["balances"]["rows"]
    assert sum(float(row["closing"]) for row in rows) == 0
    assert {row["account"]: row["closing"] for row in rows if row["closing"] != "0.00"} == {
        "1000": "2420.00", "2100": "-420.00", "4000": "-2000.00",
    }  # fmt: skip
    later = call(cast, "accounts", query=f"first={DAY + timedelta(days=1)}").json()["lists"]["balances"]["rows"]
    assert {row["account"]: (row["opening"], row["debit"]) for row in later}["1000"] == ("2420.00", "0.00")
    lines = sheet(cast.owner, at(cast, "account", "account=4000", "-file", "csv"))
    assert [row[-1] for row in lines if row and row[0] in {"1", "2"}] == ["-1000.00", "-2000.00"]


def test_accounts_and_rules_are_changed(cast: RetailCast) -> None:
    owner, retailer = cast.owner, cast.retailer.pk
    assert posted(owner, at(cast, "add-account"), number="2112", name="VAT 12 %", kind="liability").status_code == 302
    assert posted(owner, at(cast, "rule"), purpose="tax", key="B", account="2112").status_code == 302
    assert PostingRule.objects.get(retailer=retailer, purpose="tax", key="B").account.number == "2112"
    assert "VAT 12 %" in text(owner, at(cast, "rules"))
    change = {"account": "2112", "name": "Low VAT", "in_use": "no"}
    assert "Post this to another account first" in posted(owner, at(cast, "change-account"), **change).content.decode()
    assert posted(owner, at(cast, "rule"), purpose="tax", key="B", account="").status_code == 302
    assert posted(owner, at(cast, "change-account"), **change).status_code == 302
    made = Account.objects.get(retailer=retailer, number="2112")
    assert (made.name, made.is_active) == ("Low VAT", False)
    assert posted(owner, at(cast, "delete-account"), account="2112").status_code == 302
    used = posted(owner, at(cast, "delete-account"), account="2100").content.decode()
    assert "Post this to another account first" in used
    assert call(cast, "change-account", {"account": "1020", "name": "Our bank"}).status_code == 422
    assert (
        call(cast, "rule", {"purpose": "tax", "key": "", "account": "1000"}).json()["errors"][0]["pointer"]
        == "/account"
    )
    shown = text(owner, at(cast, "change-account", "account=1020"))
    assert 'value="Bank"' in shown


def test_settings_are_shown_changed_and_a_lock_stays(cast: RetailCast) -> None:
    page = text(cast.owner, at(cast, "settings"))
    assert 'value="03:00"' in page
    fields = {"close_at": "04:30", "vat_period": "quarter", "city": "Brno", "country": "cz", "locked_until": DAY}
    assert posted(cast.owner, at(cast, "settings"), **fields).status_code == 302
    books = Books.objects.get(retailer=cast.retailer)
    assert (f"{books.close_at:%H:%M}", books.vat_period, books.country, books.locked_until) == (
        "04:30", "quarter", "CZ", DAY,
    )  # fmt: skip
    back = posted(cast.owner, at(cast, "settings"), **{**fields, "locked_until": DAY - timedelta(days=1)})
    assert "never taken back" in back.content.decode()
    wrong = posted(cast.owner, at(cast, "settings"), **{**fields, "country": "QQ"})
    assert wrong.status_code == 400
    assert posted(cast.owner, at(cast, "settings"), **{**fields, "locked_until": ""}).status_code == 302
    assert Books.objects.get(retailer=cast.retailer).locked_until == DAY


def test_a_count_says_what_differs_and_is_corrected(cast: RetailCast) -> None:
    store = cast.stores[0]
    fields = {"store": store.pk, "day": DAY, "currency": "CZK", "counted": "1200", "banked": "1000"}
    answer = cast.owner.post(at(cast, "cash-up"), fields, follow=True)
    page = answer.content.decode().replace("\xa0", " ")
    assert "CZK 1,210.00 were expected: CZK 10.00 are missing, and posted so." in page
    assert "Short" in page
    assert "counted already" in posted(cast.owner, at(cast, "cash-up"), **fields).content.decode()
    assert posted(cast.owner, at(cast, "cash-up"), **fields, is_correction="on").status_code == 302
    rows = call(cast, "cash-ups").json()["lists"]
    assert [row["state"] for row in rows["cash-ups"]["rows"]] == ["Short", "Replaced"]
    assert rows["stores"]["rows"] == [
        {"store": "High Street", "difference": "-10.00", "over": "0.00", "short": "-10.00", "differing": 1,
         "counts": 1, "banked": "1000.00"},
    ]  # fmt: skip
    made = call(cast, "cash-up", {"store": cast.stores[1].pk, "day": str(DAY), "currency": "CZK", "counted": "1210.00"})
    assert made.status_code == 201
    assert len(call(cast, "cash-ups", query="differing=on").json()["lists"]["cash-ups"]["rows"]) == 2
    many = posted(cast.owner, at(cast, "cash-up"), **{**fields, "day": DAY - timedelta(days=1), "banked": "1200.01"})
    assert "cannot be taken to the bank" in many.content.decode()
    wrong = posted(cast.owner, at(cast, "cash-up"), **{**fields, "day": DAY - timedelta(days=1), "counted": "-1"})
    assert wrong.status_code == 400


def test_one_till_is_counted_by_itself(cast: RetailCast) -> None:
    store = cast.stores[2]
    Terminal.objects.create(number=64, store=store)
    body = {"store": store.pk, "terminal": 64, "day": str(DAY), "currency": "CZK", "counted": "0"}
    assert call(cast, "cash-up", body).status_code == 201
    answer = call(cast, "cash-up", {**body, "terminal": 65})
    assert answer.json()["errors"] == [{"pointer": "/terminal", "detail": "The store has no such terminal."}]


def test_the_vat_ledger_shows_its_rows_and_that_the_accounts_agree(cast: RetailCast) -> None:
    page = text(cast.owner, at(cast, "vat", f"first={DAY}&last={DAY}"))
    assert "The ledger and the accounts of output tax agree." in page
    assert all(shown in page for shown in ("2,000.00", "420.00", "21 %"))
    found = call(cast, "vat", query=f"first={DAY}&last={DAY}").json()
    assert found["lists"]["vat"]["rows"][0]["net"] == "2000.00"
    assert [row["amount"] for row in found["lists"]["check"]["rows"]] == ["420.00", "420.00", "0.00", "0.00"]
    entry = JournalEntry.objects.get(retailer=cast.retailer, number=1)
    assert posted(cast.owner, at(cast, "reverse"), number=entry.number, text="wrong").status_code == 302
    page = text(cast.owner, at(cast, "vat", f"first={DAY}&last={DAY}"))
    assert "entries by hand or reversals beyond this ledger" in page


def test_pages_of_a_retailer_without_any_say_what_to_do_first(cast: RetailCast) -> None:
    retailer = make_retailer("New Shops")
    make_store(retailer)
    owner = signed_in(make_member(retailer, Role.OWNER, name="new-owner").user)
    for key in ("journal", "vat", "cash-ups"):
        page = text(owner, reverse(f"books-{key}", args=[retailer.pk]))
        assert "What to do first" in page, key
    assert "Cash in hand" in text(owner, reverse("books-accounts", args=[retailer.pk]))
    assert open_books(retailer.pk).last_number == 0


def test_every_page_and_form_of_the_books_asks_for_their_right() -> None:
    for key in BOOKS_PAGES:
        page = SERVICE.page(key)
        assert page is not None
        assert page.right is Right.KEEP_BOOKS
    for key in BOOKS_FORMS:
        form = SERVICE.form(key)
        assert form is not None
        assert form.right is Right.KEEP_BOOKS


def test_names_of_stores_are_no_markup(cast: RetailCast) -> None:
    Store.objects.filter(pk=cast.stores[0].pk).update(name="<b>High</b>")
    page = text(cast.owner, at(cast, "journal"))
    assert "<b>High</b>" not in page
    assert "&lt;b&gt;High" in page


def test_an_entry_leads_to_its_day_and_a_reversal_to_what_it_takes_back(cast: RetailCast) -> None:
    assert posted(cast.owner, at(cast, "reverse"), number=1, text="wrong").status_code == 302
    entry, back = (text(cast.owner, at(cast, "entry", f"number={number}")) for number in (1, 3))
    assert f"/day/?store={cast.stores[0].pk}&amp;day={DAY}&amp;currency=CZK" in entry
    assert "/entry/?number=3" in entry
    assert "/entry/?number=1" in back
    assert cast.owner.get(at(cast, "day", f"store={cast.stores[0].pk}&day={DAY}")).status_code == 200


def test_an_empty_row_of_an_entry_asks_a_browser_for_nothing(cast: RetailCast) -> None:
    page = text(cast.owner, at(cast, "write-entry"))
    row = page.split('name="rows-1-account"')[1].split(">")[0]
    assert "required" not in row
    assert page.count("1000 Cash in hand") >= 8


def test_the_lines_are_those_of_the_entries_that_the_journal_shows(cast: RetailCast) -> None:
    rows = sheet(cast.owner, at(cast, "lines", "", "-file", "csv"))
    own = [row for row in rows if row and row[0] in {"1", "2"}]
    assert [(row[0], row[1], row[3], row[5], row[6]) for row in own] == [
        ("2", "1", "1000", "1210.00", ""), ("2", "2", "4000", "", "1000.00"), ("2", "3", "2100", "", "210.00"),
        ("1", "1", "1000", "1210.00", ""), ("1", "2", "4000", "", "1000.00"), ("1", "3", "2100", "", "210.00"),
    ]  # fmt: skip
    assert "/lines/?first=" in text(cast.owner, at(cast, "journal"))
    found = call(cast, "lines", query=f"account=2100&store={cast.stores[1].pk}").json()["lists"]["lines"]["rows"]
    assert [(row["entry"], row["account"], row["tax_code"], row["store"]) for row in found] == [
        ("2", "2100", "A", "Mill Lane"),
    ]  # fmt: skip
    assert text(cast.owner, at(cast, "lines", "after=1_x"), 400)
