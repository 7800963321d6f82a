"""What the tills' own signatures cost: batches of 500 signed and not, in turns, and one signature by itself."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from benchmarks.drain import drain
from benchmarks.figures import Figure, compared, figure, interleave
from benchmarks.load import LoadResult
from benchmarks.part_micro import next_sales, per_item_us
from benchmarks.run import Run
from benchmarks.sales import BATCH_SALES
from possys_till.signing import SALE, TillKey
from transactions.loading import load_terminals
from transactions.models import Terminal, TerminalKey
from transactions.signatures import Signed, verify_many

PART = "signed batches"
KEYS_A_STATEMENT = 5000
# Sales without a signature stay welcome, so that the same tills can be compared with themselves.
OVERLAP = timedelta(days=1)


def measure(run: Run) -> list[Figure]:
    """Rates of signed and unsigned batches, the server's processor time a sale, and microseconds a signature."""
    key = TillKey.make()
    give_key(key)
    key = TillKey(key.private, number=1)

    def contender(key: TillKey | None) -> Callable[[], tuple[LoadResult, dict[str, float]]]:
        def once() -> tuple[LoadResult, dict[str, float]]:
            result = run.batches(run.sizes.batch_s / 2, key=key)
            drain(run)
            return result

        return once

    found = interleave(run.sizes.rounds, {"unsigned": contender(None), "signed": contender(key)})
    seconds = run.sizes.batch_s / 2
    rates = {name: [result.in_time / seconds for result, _ in rounds] for name, rounds in found.items()}
    figures = [figure(PART, name, rates[name], "sales/s", cpu=found[name][-1][1]) for name in rates]
    figures[1] = compared(figures[1], rates["unsigned"], "unsigned")
    return [*figures, *_alone(run, key)]


def give_key(key: TillKey) -> None:
    """Registers one key for all terminals, and has them sign with it or not."""
    numbers = Terminal.objects.values_list("number", flat=True)
    TerminalKey.objects.bulk_create(
        [TerminalKey(terminal_id=number, number=1, public_key=key.public) for number in numbers],
        batch_size=KEYS_A_STATEMENT,
    )
    Terminal.objects.update(signing_key=1, overlap_until=timezone.now() + OVERLAP)
    load_terminals(Terminal.objects.all())


def _alone(run: Run, key: TillKey) -> list[Figure]:
    """One signature in this process: made, and verified alone and with the rest of a batch on all cores."""
    sales = next_sales(run, run.sales(system="micro"), BATCH_SALES)
    signed = [Signed(key.public, SALE + sale, key.sign(SALE, sale)) for sale in sales]
    steps = {
        "make one": lambda: [key.sign(SALE, sale) for sale in sales],
        "verify one by one": lambda: [verify_many([one]) for one in signed],
        f"verify {BATCH_SALES} in one go": lambda: verify_many(signed),
    }
    return [figure(PART, name, per_item_us(work, BATCH_SALES), "us a signature") for name, work in steps.items()]
