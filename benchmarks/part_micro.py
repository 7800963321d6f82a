"""Where each microsecond of a sale goes: each step of capture and flush by itself, in one thread."""

import hashlib
import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import redis

from benchmarks.figures import Figure, figure
from benchmarks.flush_steps import measure_flush
from benchmarks.load import LoadError
from benchmarks.run import Run
from benchmarks.sales import BATCH_SALES, Sales
from benchmarks.sizes import TILLS
from possys import clock, receipt_keys
from possys.codes import Environment
from transactions.answers import Accepted
from transactions.api import BATCH, ENCODER
from transactions.authentication import verify
from transactions.faults import read_sale
from transactions.sale import DECODER, RULES, moment_of, plainly_written
from transactions.service import capture, stores
from transactions.stream import Credential, CredentialKind, Item, append_command, pack_item

PART = "microseconds"
REPEATS = 5
SPREADS = (1, 8, 64)
# Sales each script measurement sends at least.
ONE_CALLS = 200


def measure(run: Run) -> list[Figure]:
    """All steps, in the order in which a sale meets them."""
    return [*capture_steps(run), *store_steps(run), *measure_flush(run, PART)]


def per_item_us(work: Callable[[], object], items: int) -> list[float]:
    """Microseconds an item, once for each repeat, behind one that only warms."""
    work()
    rounds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        rounds.append((time.perf_counter() - began) * 1e6 / items)
    return rounds


def capture_steps(run: Run) -> list[Figure]:
    """What Python does to a sale between the socket and the store, and back."""
    sales = run.sales(system="micro")
    count = run.sizes.micro_sales
    bodies = next_sales(run, sales, count)
    read = [DECODER.decode(body) for body in bodies]
    batch = b"[" + b",".join(bodies[:BATCH_SALES]) + b"]"
    in_batch = min(BATCH_SALES, count)
    keys, day = receipt_keys.table(), date.today()  # noqa: DTZ011 - any day will do
    day_number = day.toordinal() - date(2020, 1, 1).toordinal()
    columns = (
        [day_number] * in_batch,
        [sale.terminal for sale in read[:in_batch]],
        [sale.sequence for sale in read[:in_batch]],
    )
    now_ms = clock.now_ms()
    codes = [code.encode() for code in keys.encode_many(Environment.PRODUCTION, *columns)]

    def pack() -> list[Item]:
        return [
            pack_item(
                head=(sale.terminal, sale.sequence, day_number, now_ms, 0, b"8 bytes."),
                received_at_ms=now_ms,
                rest=(0, sale.total, code),
                sale=body,
            )
            for sale, body, code in zip(read, bodies, codes, strict=False)
        ]

    items = pack()
    gateway = Credential(CredentialKind.GATEWAY, 1, 1)
    connection_class: Any = redis.Connection
    packer = connection_class()
    answers = [
        Accepted(code.decode(), "http://127.0.0.1/r/" + code.decode(), clock.iso_utc(now_ms), False) for code in codes
    ]
    steps: dict[str, tuple[Callable[[], object], int]] = {
        "split a batch into sales": (lambda: [bytes(raw) for raw in BATCH.decode(batch)], in_batch),
        "typed decode": (lambda: [DECODER.decode(body) for body in bodies], count),
        "written plainly": (
            lambda: [plainly_written(body, sale) for body, sale in zip(bodies, read, strict=True)],
            count,
        ),
        "sums and limits": (lambda: [[rule(sale) for _, rule in RULES] for sale in read], count),
        "decode and all checks together": (lambda: [read_sale(body) for body in bodies], count),
        "time of issue": (lambda: [moment_of(sale) for sale in read], count),
        "SHA-256 of the sale": (lambda: [hashlib.sha256(body).digest() for body in bodies], count),
        "receipt code, one": (
            lambda: [keys.encode(Environment.PRODUCTION, day, s.terminal, s.sequence) for s in read],
            count,
        ),
        "receipt code, of 500 together": (lambda: keys.encode_many(Environment.PRODUCTION, *columns), in_batch),
        "pack for the stream": (pack, in_batch),
        "pack the call": (lambda: packer.pack_commands([append_command(1, gateway, 1, items)]), in_batch),
        "encode the answer": (lambda: ENCODER.encode(answers), in_batch),
    }
    size = statistics.mean(map(len, bodies))
    note = f"a sale is {size:,.0f} bytes, {statistics.mean(len(sale.lines) for sale in read):.1f} lines on average"
    return [
        figure(PART, f"capture: {name}", per_item_us(work, items), "us a sale", note=note)
        for name, (work, items) in steps.items()
    ]


def next_sales(run: Run, sales: Sales, count: int, first: int = 0, spread: int = 0) -> list[bytes]:
    """The next sales of `spread` stores from `first` on (0: of all)."""
    sales.read_clock()
    stores_used = spread or len(run.fleet.stores)
    return [sales.sale(first + number % stores_used, number // stores_used % TILLS) for number in range(count)]


def store_steps(run: Run) -> list[Figure]:
    """The script's own time in the store, and a whole capture in this process with the store's fsync."""
    figures = []
    client = stores().clients[0]
    sales = run.sales()
    for spread in (0, *SPREADS):
        size, calls = (BATCH_SALES, max(2, run.sizes.micro_sales // BATCH_SALES)) if spread else (1, ONE_CALLS)
        client.config_resetstat()
        took: list[float] = []
        for number in range(calls):
            first = number * 64 % len(run.fleet.stores)
            bodies = next_sales(run, sales, size, first, spread or 1)
            credential = verify(run.fleet.gateway_tokens[first].decode())
            began = time.perf_counter()
            answers = capture().take(bodies, credential, clock.now_ms())
            took.append((time.perf_counter() - began) * 1e6 / size)
            _all_accepted(answers)
            run.acknowledged += size
        stats: Any = client.info("commandstats")
        script = stats["cmdstat_evalsha"]
        name = f"a batch over {spread} shard{'s' * (spread > 1)}" if spread else "one sale"
        note = f"{script['calls']} calls"
        figures.append(
            figure(PART, f"store: script, {name}", [script["usec"] / (calls * size)], "us a sale", note=note)
        )
        figures.append(figure(PART, f"capture: in all with the store's fsync, {name}", took, "us a sale"))
    return figures


def _all_accepted(answers: list[Any]) -> None:
    for answer in answers:
        if not isinstance(answer, Accepted) or answer.replayed:
            raise LoadError(f"a sale was not taken: {answer}")
