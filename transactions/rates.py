"""How capture does, minute by minute, out of what all processes counted (possys/pulse.py): figures, never evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from possys.pulse import MS_PER_MINUTE, REQUEST_SECONDS, S_PER_MINUTE, Counts, Distribution, Minute

AREA = "capture"
# An answer that says "send it again": the sale's own, and a server's fault in place of any.
TAKEN = ("accepted", "replayed")
WAITING = "waiting"
# A problem document of ours; any other 5xx is a fault that nobody meant.
STATUS_WAIT = "503"
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
MS_PER_S = 1000
NO_TIMES = Distribution(((float("inf"), 0.0),), 0.0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Sales by what they were answered, and how long the answers took, in one stretch of time."""

    outcomes: dict[str, float] = field(default_factory=dict)
    refusals: dict[str, float] = field(default_factory=dict)
    offline: float = 0
    faults: float = 0
    times: Distribution = NO_TIMES

    @property
    def answers(self) -> float:
        """Sales that were answered, however."""
        return sum(self.outcomes.values())

    @property
    def accepted(self) -> float:
        """New sales."""
        return self.outcomes.get("accepted", 0.0)

    @property
    def waits(self) -> float:
        """Sales that were told to come again, and requests that a fault of ours ended."""
        return self.outcomes.get(WAITING, 0.0) + self.faults

    @property
    def waits_share(self) -> float | None:
        """Of all answers; None without any."""
        asked = self.answers + self.faults
        return self.waits / asked if asked else None

    @property
    def offline_share(self) -> float | None:
        """Of the new sales, those that were made while the network was away; None without any."""
        return self.offline / self.accepted if self.accepted else None

    def quantile_ms(self, share: float) -> float | None:
        """An answer time in milliseconds; None without any answer."""
        found = self.times.quantile(share)
        return None if found is None else found * MS_PER_S


def rates_of(counts: Counts) -> Rates:
    """What these counts say."""
    faults = sum(
        count
        for labels, count in counts.by_labels("requests")
        if labels.get("area") == AREA and labels.get("status", "").startswith("5") and labels["status"] != STATUS_WAIT
    )
    return Rates(
        outcomes=counts.by_label("capture_sales", "outcome"),
        refusals=counts.by_label("capture_refusals", "reason"),
        offline=counts.value("capture_offline_sales"),
        faults=faults,
        times=counts.histogram(REQUEST_SECONDS, area=AREA),
    )


def together(minutes: Iterable[Minute]) -> Rates:
    """Several minutes as one."""
    added: dict[str, float] = {}
    for minute in minutes:
        for name, value in minute.counts.fields.items():
            added[name] = added.get(name, 0.0) + value
    return rates_of(Counts(added))


def a_second(minutes: Sequence[Minute], now_ms: int) -> float:
    """New sales a second over the last sixty, as if the minute before the running one was even. Needs two."""
    *_, before, running = minutes
    passed = min(1.0, max(0.0, (now_ms - running.start_ms) / MS_PER_MINUTE))
    accepted = rates_of(running.counts).accepted + (1 - passed) * rates_of(before.counts).accepted
    return accepted / S_PER_MINUTE
