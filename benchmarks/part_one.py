"""One sale a request: the product, the same checks in a bare view, nothing at all, a textbook endpoint."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.figures import Figure, at_most, compared, figure, interleave, percentile
from benchmarks.fleet import TEXTBOOK_TILLS_MAX
from benchmarks.load import LoadResult
from benchmarks.pace import Scheduled
from benchmarks.run import Run

PART = "one sale a request"
# Twice the server's threads, so that a thread always has a next request.
CONNECTIONS = 24
BARE_RATIO_MIN = 0.8
TEXTBOOK_RATIO_MIN = 5
# The share of its own maximum at which the answer time is measured.
LATENCY_SHARE = 0.8
P99_MS_MAX = 100


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint; `system` names the sequences it uses, `counted` says whether its sales reach the ledger."""

    path: bytes
    system: str = "capture"
    compared: bool = True
    counted: bool = False


PRODUCT = Endpoint(b"/api/v1/transactions", compared=False, counted=True)
ENDPOINTS = {
    "the product": PRODUCT,
    "a bare Django view": Endpoint(b"/api/v1/transactions/bare", counted=True),
    "Django doing nothing": Endpoint(b"/api/v1/transactions/nothing", "nothing"),
    "a textbook endpoint": Endpoint(b"/textbook/sales/", "textbook"),
}


def measure(run: Run) -> list[Figure]:
    """Rates of all four in turn, then the product's answer times at four fifths of its rate."""

    def contender(endpoint: Endpoint) -> Callable[[], tuple[LoadResult, dict[str, float]]]:
        return lambda: send(run, endpoint, run.sizes.one_s)

    found = interleave(run.sizes.rounds, {name: contender(one) for name, one in ENDPOINTS.items()})
    rates = {name: [result.in_time / run.sizes.one_s for result, _ in rounds] for name, rounds in found.items()}
    figures = {name: figure(PART, name, rates[name], "requests/s", cpu=found[name][-1][1]) for name in rates}
    product = figures["the product"]
    bare, textbook = "a bare Django view", "a textbook endpoint"
    versus_bare = figure(PART, "the product beside a bare view", rates["the product"], "requests/s")
    versus_textbook = figure(PART, "the product beside a textbook", rates["the product"], "requests/s")
    return [
        *figures.values(),
        compared(versus_bare, rates[bare], bare, BARE_RATIO_MIN),
        compared(versus_textbook, rates[textbook], textbook, TEXTBOOK_RATIO_MIN),
        *latencies(run, LATENCY_SHARE * product.value),
    ]


def send(run: Run, endpoint: Endpoint, seconds: float, rate: float = 0.0) -> tuple[LoadResult, dict[str, float]]:
    """Single sales to an endpoint, as fast as they are answered or on a schedule."""
    run.sales(system=endpoint.system)

    def maker(share: tuple[int, int]) -> Callable[[], bytes]:
        sales = run.sales(share, endpoint.system)
        tokens, scheme = run.fleet.terminal_tokens, b"Bearer"
        if endpoint.system == "textbook":
            tokens, scheme = run.fleet.textbook_tokens, b"Token"
            sales.terminals_max = TEXTBOOK_TILLS_MAX
        return lambda: sales.one(endpoint.path, scheme, tokens)

    return run.load(
        seconds,
        sales=1,
        connections=CONNECTIONS,
        make=maker,
        port=run.site.compared if endpoint.compared else run.site.product,
        counted=endpoint.counted,
        pace=(lambda begin_s, end_s: Scheduled(begin_s, end_s, rate)) if rate else None,
    )


def latencies(run: Run, rate: float) -> list[Figure]:
    """Answer times counted from the moment each sale was due, in an open loop."""
    rounds = [send(run, PRODUCT, run.sizes.latency_s, rate) for _ in range(run.sizes.rounds)]
    p50, p99 = ([percentile(result.latencies_ms, share) for result, _ in rounds] for share in (0.5, 0.99))
    note = f"at {rate:,.0f} requests/s, arrivals at random, counted from the moment each was due"
    cpu = rounds[-1][1]
    return [
        figure(PART, "answer time p50", p50, "ms", note=note, cpu=cpu),
        at_most(figure(PART, "answer time p99", p99, "ms", note=note, cpu=cpu), P99_MS_MAX),
    ]
