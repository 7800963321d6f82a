"""The admin over a country's registers: each list at its ends and in its middle, with each filter, sorted, searched."""

import http.client
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from benchmarks.drain import drain
from benchmarks.figures import Figure, at_most, figure, percentile
from benchmarks.load import LoadError
from benchmarks.register_rows import Made, fill
from benchmarks.run import Run
from findings.models import Finding
from possys.accounts.models import User
from possys.keyset import Cursor, Place, order_of
from possys.keyset_admin import KeysetAdmin, KeysetChangeList
from possys.typed_filter import TypedFilter
from transactions.models import RegistryStep, Retailer, Store, Terminal

PART = "admin"
FLEET = 2_500_000
# The issue's.
P95_MS_MAX = 300
WARM = 2
ANSWER_LIMIT_S = 60
# A list shorter than this has no middle to speak of.
MIDDLE_LEAST = 150
SLOWEST_SAID = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A page: the figure that it belongs to, and its address."""

    name: str
    url: str


def measure(run: Run) -> list[Figure]:
    """Fills the registers, then opens every page some times, one after the other, as a signed-in superuser."""
    staff = User.objects.create_superuser("staff-of-the-registers")
    run.fill(run.sizes.admin_sales)
    drain(run)
    began_s = time.monotonic()
    made = fill(run.sizes.admin_tills, run.sizes.admin_findings, run.sizes.admin_people, staff)
    run.say(f"registers filled in {time.monotonic() - began_s:.0f} s")
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(staff)
    pages = [*_lists(browser, made), *_objects(made)]
    run.say(f"{len(pages)} pages, {run.sizes.admin_asks} times each")
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    times_ms = _open_all(run, pages, cookie)
    return _figures(run, pages, times_ms)


def _lists(browser: Client, made: Made) -> Iterator[Asked]:
    for model, shown in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label):
        name = f"{model._meta.app_label} {model._meta.verbose_name_plural}"
        try:
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        yield Asked(f"{name}: first page", address)
        answer = browser.get(address)
        changes = (answer.context or {}).get("cl") if answer.status_code == 200 else None
        if isinstance(shown, KeysetAdmin) and isinstance(changes, KeysetChangeList):
            yield from _ways_of(name, address, changes, made)


def _ways_of(name: str, address: str, changes: KeysetChangeList, made: Made) -> Iterator[Asked]:
    """The middle and the end of a list, its filters, its sortable columns, and what its search is for."""
    order = order_of(changes.queryset)
    rows = changes.queryset.count()
    if rows > MIDDLE_LEAST:
        row = changes.queryset[rows // 2]
        middle = Cursor(Place.AFTER, tuple(column.value_of(row) for column in order), rows // 2 + 2)
        yield Asked(f"{name}: in the middle", f"{address}?{urlencode({'p': middle.written(order)})}")
        yield Asked(f"{name}: last page", f"{address}?p={Place.LAST.value}")
    for spec in changes.filter_specs:
        if isinstance(spec, TypedFilter):
            for typed in _typed(str(spec.parameter_name), made):
                query = urlencode({str(spec.parameter_name): typed})
                yield Asked(f"{name}: filtered", f"{address}?{query}")
                yield Asked(f"{name}: filtered, last page", f"{address}?{query}&p={Place.LAST.value}")
            continue
        for choice in spec.choices(changes):
            if query := choice["query_string"].removeprefix("?"):
                yield Asked(f"{name}: filtered", f"{address}?{query}")
                yield Asked(f"{name}: filtered, last page", f"{address}?{query}&p={Place.LAST.value}")
    for place, column in enumerate(changes.list_display):
        if column in (changes.sortable_by or ()):
            for sign in ("", "-"):
                yield Asked(f"{name}: sorted", f"{address}?o={sign}{place}")
    for term in _terms(changes.model, made):
        yield Asked(f"{name}: searched", f"{address}?{urlencode({'q': term})}")


def _typed(parameter: str, made: Made) -> tuple[str, ...]:
    """The chain, a usual one, and none."""
    return (str(made.big_store), str(made.store + 9), "0") if parameter == "store" else ("REG-1", "REG-17", "REG-0")


def _terms(model: Any, made: Made) -> tuple[str, ...]:
    number = str(Terminal.objects.order_by("-pk").values_list("pk", flat=True)[0])
    words = ("REG-17", "REG-1", "bakery", "golden pharm", "st", "nobody has this name", "pharmacy 15")
    return {
        Retailer: words,
        Store: (*words, "S150000", "square store 77", "linden", "riverton 100"),
        Terminal: (number, "SN-1200", "till 5", "nothing so", *words),
        RegistryStep: (number, "1"),
        Finding: (number, "REG-1", "REG-17", "nothing so"),
        User: ("clerk-77", "clerk-9@shops.example", "nobody"),
    }.get(model, ("clerk-77", "REG-17", "nothing so", "1"))


def _objects(made: Made) -> Iterator[Asked]:
    """The pages of single rows, the largest of their kind among them, and the first page of the admin."""

    def page(model: Any, key: Any) -> str:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])

    yield Asked("first page of the admin", reverse("admin:index"))
    for key in (made.chain, made.retailer + 17):
        yield Asked("a retailer", page(Retailer, key))
    for key in (made.big_store, made.store + 17):
        yield Asked("a store", page(Store, key))
    last = Terminal.objects.filter(store=made.big_store).values_list("pk", flat=True)[0]
    yield Asked("a terminal", page(Terminal, last))
    for key in Finding.objects.order_by("-score").values_list("pk", flat=True)[:2]:
        yield Asked("a finding", page(Finding, key))
    # What is typed into a form's field for a store or retailer.
    for term in ("", "bakery", "REG-17"):
        field = {"app_label": "transactions", "model_name": "store", "field_name": "retailer", "term": term}
        yield Asked("a retailer chosen by typing", f"{reverse('admin:autocomplete')}?{urlencode(field)}")


def _open_all(run: Run, pages: list[Asked], cookie: str) -> dict[str, list[float]]:
    """Answer times in ms by address. Raises LoadError for an answer that is none of a page."""
    times_ms: dict[str, list[float]] = {}
    connection = http.client.HTTPConnection("localhost", run.site.product, timeout=ANSWER_LIMIT_S)
    for place, page in enumerate(pages):
        own = times_ms.setdefault(page.url, [])
        for number in range(WARM + run.sizes.admin_asks):
            began_s = time.perf_counter()
            connection.request("GET", page.url, headers={"Cookie": cookie, "Accept-Language": "en"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise LoadError(f"{page.name}, {page.url}: {answer.status} {answer.getheader('Location', '')}")
            if number >= WARM:
                own.append((time.perf_counter() - began_s) * 1000)
        if place % MIDDLE_LEAST == MIDDLE_LEAST - 1:
            run.say(f"{place + 1} pages opened")
    connection.close()
    return times_ms


def _figures(run: Run, pages: list[Asked], times_ms: dict[str, list[float]]) -> list[Figure]:
    """p95 of each kind of page: of its slowest address, beside all addresses' p50 and largest."""
    addresses: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        addresses[page.name].add(page.url)
    made = []
    for name, own in addresses.items():
        p95, slowest = max((percentile(times_ms[url], 0.95), url) for url in own)
        every = [taken for url in own for taken in times_ms[url]]
        note = f"{len(own)} addresses, p50 {percentile(every, 0.5):.0f}, largest {max(every):.0f}; slowest: {slowest}"
        made.append(_within(run, figure(PART, f"{name}, p95", [p95], "ms", note=note[:300])))
    every = [taken for own in times_ms.values() for taken in own]
    worst = sorted(((percentile(own, 0.95), url) for url, own in times_ms.items()), reverse=True)
    for p95, url in worst[:SLOWEST_SAID]:
        run.say(f"p95 {p95:,.0f} ms: {url}")
    made.append(_within(run, figure(PART, f"all {len(times_ms)} pages, p95", [percentile(every, 0.95)], "ms")))
    made.append(_within(run, figure(PART, "the slowest page's p95", [worst[0][0]], "ms", note=worst[0][1])))
    return made


def _within(run: Run, made: Figure) -> Figure:
    return at_most(made, P95_MS_MAX) if run.sizes.admin_tills >= FLEET else made
