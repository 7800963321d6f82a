"""The customer's pages as requests: which, what each must answer, what it weighs, and its queries."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from benchmarks.load import LoadError
from benchmarks.wire import Connection, parse
from ledger.blocks import Place
from ledger.models import Entry
from ledger.queries import Recorded, recorded_at
from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import Environment
from possys.money import major

# No till of the fleet comes to this sequence.
UNUSED_SEQUENCE = 500_000_000
# So many clients ask in turn that none of them reaches a limit: benchmarks/site.py says that a proxy names them.
CLIENTS = 1 << 22
# A browser's; static files are asked for in the same way.
ACCEPTED = "Accept-Encoding: gzip, br\r\n"
STATIC = re.compile(r'(?:src|href)="(/static/[^"]+)"')
ANSWER_LIMIT_S = 10.0
SEED = 20_261_128


@dataclass(frozen=True, slots=True)
class Sale:
    """A recorded sale as a customer knows it, and a link that leads to it."""

    code: str
    ending: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """A page; `make` gives an address and, for a form, its fields; `statuses` are those that are right."""

    name: str
    statuses: tuple[int, ...]
    make: Callable[[], tuple[str, dict[str, str] | None]]


def recorded_sales(count: int) -> list[Sale]:
    """Sales out of the newest in the ledger. Raises LoadError without any."""
    newest = list(Entry.objects.order_by("-issued_on", "-identity")[: count * 5])
    chosen = random.Random(SEED).sample(newest, min(len(newest), count))
    found = [recorded_at(one.shard, Place(str(one.sealed_on), one.block, one.position)) for one in chosen]
    sales = [_known(one.record.code, one.record.sale) for one in found if isinstance(one, Recorded)]
    if not sales:
        raise LoadError("there is no recorded sale whose page could be asked for")
    return sales


def _known(code: str, sale: dict[str, Any]) -> Sale:
    day, time = sale["issued_at"][:10], sale["issued_at"][11:16]
    total = str(major(sale["total"], sale["currency"]))
    facts = {"number": str(sale["terminal"]), "date": day, "time": time, "total": total}
    return Sale(code, receipt_keys.links().ending_of(code), facts)


def pages(sales: list[Sale], terminals: list[int]) -> list[Page]:
    """The pages, each of which is asked for with the next of the sales."""
    chance = random.Random(SEED)
    today = utc(now_ms()).date()

    def missing() -> str:
        sequence = UNUSED_SEQUENCE + chance.randrange(1_000_000)
        return receipt_keys.table().encode(Environment.PRODUCTION, today, chance.choice(terminals), sequence)

    found = [
        Page("the page with the field", (200,), lambda: (reverse("find"), None)),
        Page("a receipt by its link", (200,), lambda: (reverse("linked", args=[chance.choice(sales).ending]), None)),
        Page("its proof", (200,), lambda: (reverse("receipt-proof", args=[chance.choice(sales).ending]), None)),
        Page("a receipt by its code", (200,), lambda: (reverse("receipt", args=[chance.choice(sales).code]), None)),
        Page("a code without a sale", (404,), lambda: (reverse("receipt", args=[missing()]), None)),
    ]
    try:
        address = reverse("search")
    except NoReverseMatch:
        return found
    # Several sales of one till may fit; then they are listed.
    return [*found, Page("a search without a code", (200, 303), lambda: (address, chance.choice(sales).facts))]


def request(address: str, fields: dict[str, str] | None, client: int) -> bytes:
    """One request of one of many clients."""
    number = client % CLIENTS
    seen = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    common = f"Host: 127.0.0.1\r\nX-Forwarded-For: {seen}\r\n{ACCEPTED}"
    if fields is None:
        return f"GET {address} HTTP/1.1\r\n{common}\r\n".encode()
    body = urlencode(fields)
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    return f"POST {address} HTTP/1.1\r\n{common}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def queries_of(page: Page) -> int:
    """The database queries of one answer, by Django's own test client. Raises LoadError for a wrong answer."""
    address, fields = page.make()
    client = Client()
    captured = [CaptureQueriesContext(connection) for connection in connections.all()]
    for one in captured:
        one.__enter__()
    try:
        status = (client.get(address) if fields is None else client.post(address, fields)).status_code
    finally:
        for one in captured:
            one.__exit__(None, None, None)
    if status not in page.statuses:
        raise LoadError(f"{page.name}: {status} instead of {page.statuses}")
    return sum(len(one) for one in captured)


def weights(port: int, page: Page) -> tuple[int, int]:
    """Bytes on the wire, headers included: the answer alone, and with the files that a first visit fetches, too."""
    raw = answer(port, request(*page.make(), client=0))
    files = sorted(set(STATIC.findall(raw.decode(errors="replace"))))
    return len(raw), len(raw) + sum(len(answer(port, request(file, None, client=0))) for file in files)


def answer(port: int, asked: bytes) -> bytes:
    """The whole answer as it came. Raises LoadError when none comes."""
    connection = Connection(port)
    try:
        connection.socket.setblocking(True)
        connection.socket.settimeout(ANSWER_LIMIT_S)
        connection.socket.sendall(asked)
        inbox = bytearray()
        while parse(inbox) is None:
            part = connection.socket.recv(65_536)
            if not part:
                raise LoadError("the server closed the connection")
            inbox += part
        return bytes(inbox)
    except TimeoutError:
        raise LoadError(f"no answer within {ANSWER_LIMIT_S:.0f} s") from None
    finally:
        connection.socket.close()
