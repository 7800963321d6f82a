"""Every page and form of every service for retailers, asked as everybody in every way: each is as it is declared.

Nothing here names a page: what a service declares is what is asked. Faults are gathered, so that one run names all.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

from accounting.books.chart import open_books
from accounting.days.due import close_due
from accounting.service import SERVICE as BOOKS
from findings.sheets import SERVICE as FINDINGS
from fleet.service import SERVICE as TILLS
from ledger.feeding.running import feed_all
from ledger.shards import ALL_SHARDS
from portal.keys.operations import make_key
from portal.models import Membership
from portal.rights import Role, may
from portal.sheets.forms import FormPage
from portal.sheets.pages import Page, Service
from possys.clock import now_ms, utc
from tests.cast import RetailCast, make_retail_cast
from tests.factories import make_line, make_terminals, moment, sale_bytes
from tests.openapi import answer_schema, description, faults
from tests.tills import Till
from warehouse.service import SERVICE as STOCK

SERVICES = [pytest.param(service, id=service.name) for service in (BOOKS, STOCK, TILLS, FINDINGS) if service.pages]
# What a retailer's program or a mistyped address may hold, for every name that is asked for.
JUNK = ("x", "-1", "0", f"{10**30}", "\0", "1e999999999", "2026-02-30", "NaN", "' OR 1=1 --", "ž" * 300, "٣", "%s{0}")
# Of it, what is tried in each name alone.
JUNK_ALONE = ("x", "-1")
BODY_JUNK: tuple[Any, ...] = (*JUNK, 10**30, 1.5, True, [], {}, None)
# Names that addresses of forms hold, beside the declared ones.
NAMES = ("id", "number", "order", "account", "rows")
HOSTILE = '=1+1<script>alert("x")</script>'
# Addresses of one page that are looked at, of all that a person is led to.
ADDRESSES_MAX = 4
HREF = re.compile(r'href="(/portal/[^"]*|\?[^"]*)"')
ACTS = {"anonymous": None, "rival": "rival", **{role.value: f"corner-{role.value.replace('_', '-')}" for role in Role}}


class Everybody:
    """The cast with a key for each, and ways to ask as one of them."""

    def __init__(self) -> None:
        cache.clear()
        self.cast: RetailCast = make_retail_cast()
        self.retailer = self.cast.retailer.pk
        self.browsers = {"anonymous": self.cast.anonymous, "rival": self.cast.rival}
        self.browsers |= {role.value: client for role, client in self.cast.members.items()}
        # One for all requests: each new client would look for the site's static files anew.
        self.program = Client(raise_request_exception=False)
        people = Membership.objects.select_related("user")
        self.keys = {one.user.username: make_key(one, name="test", now=utc(now_ms())) for one in people}

    def page(self, who: str, service: Service, place: str, body: dict[str, Any] | None = None) -> Any:
        """An answer to a browser; `place` is what stands behind the service's address."""
        url = f"/portal/{self.retailer}/{service.name}/{place}"
        return self.browsers[who].get(url) if body is None else self.browsers[who].post(url, body)

    def api(self, who: str, service: Service, place: str, body: Any = None) -> Any:
        """An answer to a program."""
        url = f"/api/v1/retailers/{self.retailer}/{service.name}/{place}"
        name = ACTS[who]
        headers = {"Authorization": f"Bearer {self.keys[name]}"} if name else {}
        if body is None:
            return self.program.get(url, headers=headers)
        return self.program.post(url, json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def everybody(db: None) -> Iterator[Everybody]:
    made = Everybody()
    # What fails inside is an answer like any other, and named with the rest.
    for client in made.browsers.values():
        client.raise_request_exception = False
    yield made
    cache.clear()


def expected(who: str, fine: set[int], *rights: Any, is_api: bool = False) -> set[int]:
    """What the declared rights make of an answer that would be fine."""
    if who == "anonymous":
        return {401} if is_api else {302}
    if who == "rival":
        return {404}
    return fine if all(may(Role(who), right) for right in rights) else {403}


def fine_for(page: Page) -> set[int]:
    """A page behind a row says that its address names none; every other one can be asked without anything."""
    needs = [name for name, field in page.asks.base_fields.items() if field.required]
    is_alone = page.is_tab or not needs
    return {200} if is_alone else {200, 400, 404}


@pytest.mark.parametrize("service", SERVICES)
def test_pages_open_to_those_with_their_right_in_every_form(everybody: Everybody, service: Service) -> None:
    wrong: list[str] = []
    for page in service.pages:
        fine = fine_for(page)
        for who in ACTS:
            asked: dict[str, tuple[int, set[int]]] = {
                "page": (everybody.page(who, service, f"{page.key}/").status_code, expected(who, fine, page.right))
            }
            if page.lists:
                rights = (page.right, page.file_right)
                for form in ("csv", "xlsx"):
                    status = everybody.page(who, service, f"{page.key}.{form}").status_code
                    asked[form] = (status, expected(who, fine, *rights))
                status = everybody.api(who, service, page.key).status_code
                asked["api"] = (status, expected(who, fine, *rights, is_api=True))
            wrong += [
                f"{page.key} as {form} for {who}: {got}" for form, (got, may_be) in asked.items() if got not in may_be
            ]
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_forms_open_to_those_with_their_right_and_save_nothing_empty(everybody: Everybody, service: Service) -> None:
    wrong: list[str] = []
    for form in service.forms:
        for who in ACTS:
            got = everybody.page(who, service, f"{form.key}/").status_code
            if got not in expected(who, {200}, form.right):
                wrong.append(f"{form.key} for {who}: {got}")
            sent = everybody.page(who, service, f"{form.key}/", {}).status_code
            if sent not in expected(who, {400, 302}, form.right):
                wrong.append(f"{form.key} sent by {who}: {sent}")
            answer = everybody.api(who, service, form.key, {})
            if answer.status_code not in expected(who, {422, 201}, form.right, is_api=True):
                wrong.append(f"{form.key} sent by a program of {who}: {answer.status_code}")
            if answer.status_code == 422:
                wrong += [f"{form.key}: {fault}" for fault in _wrong_pointers(form, answer.json())]
    assert wrong == []


def _wrong_pointers(form: FormPage, said: dict[str, Any]) -> Iterator[str]:
    """Every field that must be filled in is named, by its own pointer."""
    pointers = Counter(one["pointer"] for one in said["errors"])
    known = {"", "/rows", *(f"/{name}" for name in form.form.base_fields)}
    yield from (f"no field at {pointer!r}" for pointer in pointers if pointer not in known)
    yield from (f"{pointer!r} is named {count} times" for pointer, count in pointers.items() if count > 1)
    yield from (f"no text at {one['pointer']!r}" for one in said["errors"] if not one["detail"].strip())


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_in_an_address_is_an_error_of_ours(everybody: Everybody, service: Service) -> None:
    wrong: list[str] = []
    for page in service.pages:
        # A program's way is the shorter one to what reads the page; pages without lists have only the other.
        ask = everybody.api if page.lists else everybody.page
        place = page.key if page.lists else f"{page.key}/"
        for query in _queries(page.asks.base_fields):
            got = ask("owner", service, f"{place}?{query}").status_code
            if got not in {200, 400, 404}:
                wrong.append(f"{page.key}?{query}: {got}")
    for form in service.forms:
        for query in _queries({*form.form.base_fields, *NAMES}):
            got = everybody.page("owner", service, f"{form.key}/?{query}").status_code
            if got not in {200, 404}:
                wrong.append(f"{form.key}?{query}: {got}")
    assert wrong == []


def _queries(names: Iterable[str]) -> Iterator[str]:
    """Every junk in every name at once, and some of it in one name alone, so that no fault hides another."""
    yield from (urlencode(dict.fromkeys(names, junk)) for junk in JUNK)
    yield from (urlencode({name: junk}) for name in names for junk in JUNK_ALONE)


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_in_a_body_is_an_error_of_ours(everybody: Everybody, service: Service) -> None:
    wrong: list[str] = []
    for form in service.forms:
        for junk in BODY_JUNK:
            got = everybody.api("owner", service, form.key, _body(form, junk)).status_code
            if got not in {201, 422}:
                wrong.append(f"{form.key} with {junk!r} from a program: {got}")
        for junk in JUNK_ALONE:
            fields = dict.fromkeys(form.form.base_fields, junk)
            fields |= {f"rows-0-{name}": junk for name in form.rows.base_fields} if form.rows else {}
            got = everybody.page("owner", service, f"{form.key}/", fields).status_code
            if got not in {302, 400}:
                wrong.append(f"{form.key} with {junk!r} from a page: {got}")
    assert wrong == []


def _body(form: FormPage, junk: Any) -> dict[str, Any]:
    """Junk in every field, and in every one of a row."""
    body: dict[str, Any] = dict.fromkeys(form.form.base_fields, junk)
    if form.rows:
        names = form.rows.base_fields
        body["rows"] = [dict.fromkeys(names, junk), dict.fromkeys(names, "1")]
    return body


@pytest.mark.parametrize("service", SERVICES)
def test_the_description_has_every_list_and_form(service: Service) -> None:
    document = description()
    base = f"/api/v1/retailers/{{retailer}}/{service.name}/"
    for page in service.pages:
        if page.lists:
            said = document["paths"][f"{base}{page.key}"]["get"]
            assert said["security"] == [{"RetailerKey": []}]
            assert {one["name"] for one in said["parameters"]} == {"retailer", *page.asks.base_fields}
    for form in service.forms:
        said = document["paths"][f"{base}{form.key}"]["post"]
        assert said["security"] == [{"RetailerKey": []}]
        assert {"201", "401", "403", "404", "422"} <= set(said["responses"])


# Where nothing was found there is nothing to do.
@pytest.mark.parametrize("service", [one for one in SERVICES if one.id != FINDINGS.name])
def test_a_page_of_a_retailer_without_anything_says_what_to_do_first(everybody: Everybody, service: Service) -> None:
    # Somewhere on the service's first pages stands a hint that leads on.
    hinted = [
        page.key
        for page in service.pages
        if page.is_tab and "What to do first" in everybody.page("owner", service, f"{page.key}/").content.decode()
    ]
    assert hinted != []


@pytest.fixture
def trading(ledger: Any, flush_everything: Callable[[], Any]) -> Iterator[Everybody]:
    """Three stores that have sold for some days, two of them the store manager's; a rival who sold, too."""
    made = Everybody()
    for store in (*made.cast.stores, made.cast.rival_store):
        till = Till(make_terminals(store)[0])
        lines = [make_line(name=f"Milk of {store.name}", sku=f"M-{store.pk}"), make_line(name=HOSTILE, sku="H")]
        sales = [till.sale(issued_at=moment(days=-day), mode="offline", lines=lines) for day in (1, 2, 3)]
        answers = till.send_batch(map(sale_bytes, sales), token=till.gateway_token).json()["results"]
        assert {answer["status"] for answer in answers} == {201}
    flush_everything()
    now = utc(now_ms())
    assert feed_all(ALL_SHARDS, now).stopped == {}
    open_books(made.retailer)
    assert close_due(now) > 0
    yield made
    cache.clear()


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_a_person_is_led_to_opens_and_is_the_same_in_every_form(trading: Everybody, service: Service) -> None:
    document = description()
    wrong: list[str] = []
    for role in Role:
        seen = _crawled(trading, role.value, service, wrong)
        for key, query in seen:
            page = service.page(key)
            if page is None or not page.lists or not may(role, page.file_right):
                continue
            wrong += [
                f"{role} {key}?{query}: {fault}" for fault in _compared(trading, role, service, page, query, document)
            ]
    assert wrong == []


def _crawled(trading: Everybody, who: str, service: Service, wrong: list[str]) -> list[tuple[str, str]]:
    """Follows every link from the service's first page; answers the pages' keys with their queries."""
    base = f"/portal/{trading.retailer}/{service.name}/"
    browser = trading.browsers[who]
    browser.raise_request_exception = False
    first = next((page for page in service.pages if page.is_tab and may(Role(who), page.right)), None)
    waiting = [f"{base}{first.key}/"] if first else []
    asked: set[str] = set()
    counts: Counter[str] = Counter()
    while waiting:
        url = waiting.pop(0)
        place = url.partition("?")[0]
        if url in asked or counts[place] >= ADDRESSES_MAX:
            continue
        asked.add(url)
        counts[place] += 1
        answer = browser.get(url)
        if answer.status_code != 200:
            wrong.append(f"{who} is led to {url}: {answer.status_code}")
            continue
        if not answer["Content-Type"].startswith("text/html"):
            continue
        text = answer.content.decode()
        wrong += [f"{who} reads {what!r} at {url}" for what in _never_read(trading, who) if what in text]
        for found in HREF.findall(text):
            target = unescape(found)
            target = f"{place}{target}" if target.startswith("?") else target
            if target.startswith(base):
                waiting.append(target)
    pages = [url.removeprefix(base).partition("?") for url in asked]
    return [(place.strip("/"), query) for place, _, query in pages]


def _never_read(trading: Everybody, who: str) -> list[str]:
    """What this person must not find on any page."""
    rival = trading.cast.rival_store.name
    others = [f"Milk of {trading.cast.stores[2].name}"] if who == Role.STORE_MANAGER else []
    return ["<script>alert", f"Milk of {rival}", *others]


def _compared(
    trading: Everybody, role: Role, service: Service, page: Page, query: str, document: dict[str, Any]
) -> list[str]:
    """How a program's answer differs from what is declared, and from the file of the same address."""
    answer = trading.api(role.value, service, f"{page.key}?{query}")
    if answer.status_code != 200:
        return [f"for programs: {answer.status_code} {answer.content[:200]!r}"]
    said = answer.json()
    path = f"/api/v1/retailers/{{retailer}}/{service.name}/{page.key}"
    wrong = faults(said, answer_schema(document, path, "get", 200), document)
    shapes = {shape.key: [column.key for column in shape.columns] for shape in page.lists}
    wrong += [f"list {key!r} is not declared" for key in said["lists"] if key not in shapes]
    wrong += [
        f"columns of {key!r}: {list(row)}"
        for key, found in said["lists"].items()
        for row in found["rows"][:1]
        if [name for name in row if name != "link"] != shapes.get(key)
    ]
    text = answer.content.decode()
    wrong += [f"reads {what!r}" for what in _never_read(trading, role.value)[1:] if what in text]
    content = trading.page(role.value, service, f"{page.key}.csv?{query}").content
    blocks = _lists_of(content, [found["title"] for found in said["lists"].values()])
    for key, found in said["lists"].items():
        rows = [[_as_text(value) for name, value in row.items() if name != "link"] for row in found["rows"]]
        if rows != blocks.get(found["title"], []):
            wrong.append(f"{key}: a file has {blocks.get(found['title'])}, programs get {rows}"[:600])
    return wrong


def _lists_of(content: bytes, titles: list[str]) -> dict[str, list[list[str]]]:
    """The rows below each title of a CSV file, behind definition and head."""
    found: dict[str, list[list[str]]] = {}
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    for at, line in enumerate(lines):
        if len(line) == 1 and line[0] in titles and at + 2 < len(lines):
            width = len(lines[at + 2])
            rows = []
            for row in lines[at + 3 :]:
                if not row or (len(row) == 1 and width != 1):
                    break
                rows.append([_bare(cell) for cell in row])
            found[line[0]] = rows
    return found


def _bare(cell: str) -> str:
    """Without the mark against formulas, and with UTC as programs get it."""
    cell = cell.removeprefix("'")
    return f"{cell[:-1]}+00:00" if re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", cell) else cell


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)
