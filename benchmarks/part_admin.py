"""The admin over a country's registers: each list at its ends and in its middle, with each filter, sorted, searched."""

import http.client
import ipaddress
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse

from benchmarks.cpu import cpu_s
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
WARM = 1
FIRST_CLIENT = "10.0.0.1"
# Of a filter with more choices, such as the shards, so many say it all.
CHOICES_MAX = 9
ANSWER_LIMIT_S = 60
# A list shorter than this has no middle to speak of.
MIDDLE_LEAST = 150
# Installed with benchmarks/settings.py only.
NOT_OURS = {"authtoken"}
PAGES_A_LINE = 50
SLOWEST_SAID = 12
NOTE_MAX = 300
MS = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A page: the figure that it belongs to, and its address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """How long an address took, each time, and the processor time that it took of the machine, on average."""

    times_ms: list[float]
    cpu_ms: float

    @property
    def p95(self) -> float:
        """Nearest rank."""
        return percentile(self.times_ms, 0.95)


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
    pages = [*_lists(staff, made), *_objects(made)]
    run.say(f"{len(pages)} pages, {run.sizes.admin_asks} times each")
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    opened = _open_all(run, pages, cookie)
    return _figures(run, pages, opened)


def _lists(staff: User, made: Made) -> Iterator[Asked]:
    for model, shown in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label):
        if model._meta.app_label in NOT_OURS:
            continue
        name = f"{model._meta.app_label} {model._meta.verbose_name_plural}"
        try:
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        yield Asked(f"{name}: first page", address)
        if isinstance(shown, KeysetAdmin) and type(shown).changelist_view is KeysetAdmin.changelist_view:
            request = RequestFactory().get(address)
            request.user = staff
            yield from _ways_of(name, address, shown.get_changelist_instance(request), made)


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
        for choice in islice(spec.choices(changes), CHOICES_MAX):
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


def _open_all(run: Run, pages: list[Asked], cookie: str) -> dict[str, Opened]:
    """Opens each address. Raises LoadError for an answer that is none of a page."""
    opened: dict[str, Opened] = {}
    connection = http.client.HTTPConnection("localhost", run.site.product, timeout=ANSWER_LIMIT_S)
    servers = (run.site.server(run.site.product), run.site.servers.postgres.pid)
    for place, page in enumerate(pages):
        if page.url in opened:
            continue
        # The smallest run only shows that every page opens.
        # Of a client of its own: nobody may open so many pages in a minute.
        client = str(ipaddress.ip_address(FIRST_CLIENT) + place)
        for _ in range(WARM if run.sizes.admin_asks > 1 else 0):
            _open(connection, page, cookie, client)
        before_s = sum(cpu_s(pid) for pid in servers)
        times_ms = [_open(connection, page, cookie, client) for _ in range(run.sizes.admin_asks)]
        taken_s = sum(cpu_s(pid) for pid in servers) - before_s
        opened[page.url] = Opened(times_ms, taken_s * MS / len(times_ms))
        if place % PAGES_A_LINE == PAGES_A_LINE - 1:
            run.say(f"{place + 1} pages opened")
    connection.close()
    return opened


def _open(connection: http.client.HTTPConnection, page: Asked, cookie: str, client: str) -> float:
    """The time of one answer in ms, its whole body read."""
    headers = {"Cookie": cookie, "Accept-Language": "en"}
    began_s = time.perf_counter()
    connection.request("GET", page.url, headers={**headers, "X-Forwarded-For": client})
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.client.OK:
        raise LoadError(f"{page.name}, {page.url}: {answer.status} {answer.getheader('Location', '')}")
    return (time.perf_counter() - began_s) * MS


def _figures(run: Run, pages: list[Asked], opened: dict[str, Opened]) -> list[Figure]:
    """p95 of each kind of page: of its slowest address, beside all addresses' p50 and largest."""
    addresses: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        addresses[page.name].add(page.url)
    made = []
    for name, own in addresses.items():
        slowest = max(own, key=lambda url: opened[url].p95)
        every = [taken for url in own for taken in opened[url].times_ms]
        cpu_ms = max(opened[url].cpu_ms for url in own)
        note = (
            f"{len(own)} addresses, p50 {percentile(every, 0.5):.0f}, largest {max(every):.0f}; "
            f"processor time at most {cpu_ms:.0f} ms; slowest: {slowest}"
        )
        made.append(_within(run, figure(PART, f"{name}, p95", [opened[slowest].p95], "ms", note=note[:NOTE_MAX])))
    every = [taken for one in opened.values() for taken in one.times_ms]
    worst = sorted(opened, key=lambda url: opened[url].p95, reverse=True)
    for url in worst[:SLOWEST_SAID]:
        run.say(f"p95 {opened[url].p95:,.0f} ms, processor time {opened[url].cpu_ms:,.0f} ms: {url}")
    for url in sorted(opened, key=lambda url: opened[url].cpu_ms, reverse=True)[:SLOWEST_SAID]:
        run.say(f"processor time {opened[url].cpu_ms:,.0f} ms: {url}")
    made.append(_within(run, figure(PART, f"all {len(opened)} pages, p95", [percentile(every, 0.95)], "ms")))
    made.append(_within(run, figure(PART, "the slowest page's p95", [opened[worst[0]].p95], "ms", note=worst[0])))
    cpus_ms = [one.cpu_ms for one in opened.values()]
    made.append(figure(PART, "processor time of a page, p50", [percentile(cpus_ms, 0.5)], "ms"))
    made.append(figure(PART, "processor time of a page, p95", [percentile(cpus_ms, 0.95)], "ms"))
    made.append(figure(PART, "processor time of a page, largest", [max(cpus_ms)], "ms"))
    return made


def _within(run: Run, made: Figure) -> Figure:
    return at_most(made, P95_MS_MAX) if run.sizes.admin_tills >= FLEET else made
