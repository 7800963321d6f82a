"""Brings up the site and the fleet, runs the parts one after the other, and holds the ledger against all of it."""

import importlib
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks import report
from benchmarks.figures import Figure
from benchmarks.profiling import profiled
from benchmarks.site import running_site
from benchmarks.sizes import Sizes
from benchmarks.templates import load_templates


def run_parts(
    parts: Sequence[str],
    sizes: Sizes,
    local: Path,
    say: Callable[[str], None],
    *,
    profile: str,
    began: datetime,
    is_whole: bool,
) -> int:
    """Runs the parts, all of them when `is_whole`; 0 when none failed. A target that was missed is a figure."""
    figures: list[Figure] = []
    failures: list[str] = []
    say("reading the baskets")
    templates = load_templates(sizes.templates)
    with running_site(local) as site:
        from benchmarks.drain import drain
        from benchmarks.fleet import enrol
        from benchmarks.run import Run

        fleet = enrol(sizes.stores)
        say(f"{fleet.terminals:,} terminals enrolled; starting the servers")
        site.start_web()
        run = Run(site, sizes, fleet, templates, say)
        for name in parts:
            say(f"measuring: {name}")
            part = importlib.import_module(f"benchmarks.part_{name}")
            try:
                with profiled(site, local / "profile", name, profile, say):
                    figures.extend(part.measure(run))
                drain(run)
                say(f"{run.check_ledger():,} sales acknowledged, as many in the ledger")
            except Exception as fault:
                failures.append(f"{name}: {type(fault).__name__}: {fault}")
                say(f"FAILED {failures[-1]}")
                if not isinstance(fault, RuntimeError):
                    # A fault of the benchmark itself: what was measured is still shown, nothing more is.
                    traceback.print_exc()
                    break
        acknowledged = run.acknowledged
    report.show(figures)
    say(f"kept in {report.keep(figures, sizes, began, local, failures, acknowledged, is_whole=is_whole)}")
    for failure in failures:
        say(f"FAILED {failure}")
    return 1 if failures else 0
