"""Batches of 500: sales acknowledged a second, one store a batch as a gateway sends, and spread over more shards."""

from collections.abc import Callable

from benchmarks.drain import drain
from benchmarks.figures import Figure, at_least, compared, figure, interleave
from benchmarks.load import LoadResult
from benchmarks.run import Run

PART = "batches of 500"
TARGET = 40_000
SPREADS = (1, 8, 64)


def measure(run: Run) -> list[Figure]:
    """Rates by the number of shards in a batch; between measurements everything is flushed, untimed."""

    def seconds(spread: int) -> float:
        # A store's batch lies in one shard; the others only show what spreading costs, so a third of the time will do.
        return run.sizes.batch_s / (1 if spread == 1 else 3)

    def contender(spread: int) -> Callable[[], tuple[LoadResult, dict[str, float]]]:
        def once() -> tuple[LoadResult, dict[str, float]]:
            result = run.batches(seconds(spread), spread)
            drain(run)
            return result

        return once

    found = interleave(run.sizes.rounds, {str(spread): contender(spread) for spread in SPREADS})
    rates = {name: [result.in_time / seconds(int(name)) for result, _ in rounds] for name, rounds in found.items()}
    figures = []
    for name, rounds in rates.items():
        made = figure(PART, f"over {name} shard{'s' * (name != '1')}", rounds, "sales/s", cpu=found[name][-1][1])
        figures.append(at_least(made, TARGET) if name == "1" else compared(made, rates["1"], "over 1 shard"))
    run.kept["batch rate"] = figures[0].value
    return figures
