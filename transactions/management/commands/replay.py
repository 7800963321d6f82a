"""Sends real baskets over HTTP as tills do; docs/replay.md describes options, files and rules."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from transactions.replay.baskets import account
from transactions.replay.lanes import Plan
from transactions.replay.plan import Selection, select
from transactions.replay.processes import Job, WorkerFailedError, run
from transactions.replay.rules import DESCRIPTIONS
from transactions.replay.screen import Screen
from transactions.replay.sequences import SEQUENCES_NAME
from transactions.replay.source import SourceMissingError, Year, load_year
from transactions.replay.tills import RegistryMissingError, demo_tills

REPLAY_FOLDER = settings.BASE_DIR / ".local" / "replay"
# The API takes no larger batch.
BATCH_SALES_MAX = 500


class Command(BaseCommand):
    """`manage.py replay`: exits 1 when a sale was refused for good or a worker failed."""

    help = "Replay real baskets over HTTP, and keep a file of everything that was acknowledged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=settings.SITE_URL, help="the server (default: SITE_URL)")
        parser.add_argument("--rate", type=float, default=0, help="sales a second; 0 is as fast as possible")
        parser.add_argument("--batch", type=int, default=1, help=f"sales a request, to {BATCH_SALES_MAX}")
        parser.add_argument("--baskets", type=int, help="only the last so many of the year")
        parser.add_argument("--workers", type=int, default=1, help="processes")
        parser.add_argument("--stores", type=int, help="only the so many busiest stores")
        parser.add_argument("--refunds", type=float, default=0, help="refunds for each sale, as 0.01")
        parser.add_argument("--live", action="store_true", help="issued when sent; endless without --baskets")
        parser.add_argument("--until-stopped", action="store_true", help="begin again at the end, until SIGTERM")
        parser.add_argument("--folder", type=Path, default=REPLAY_FOLDER, help="where the tills' numbers are kept")
        parser.add_argument("--ack-file", type=Path, help="where to append what was acknowledged")
        parser.add_argument("--status", type=Path, metavar="FILE", help="JSON rewritten each second")
        parser.add_argument("--quiet", action="store_true", help="only the summary")
        parser.add_argument("--rules", action="store_true", help="only print what each rule for odd rows touched")

    def handle(self, *_args: Any, **options: Any) -> None:
        check_ranges(options)
        now = datetime.now(UTC)
        try:
            year = load_year()
            chosen = select(year, now=now, baskets=options["baskets"], stores=options["stores"])
            if options["rules"]:
                self.stdout.write(rules_text(year, chosen))
                return
            job = make_job(year, chosen, now, options)
        except (SourceMissingError, RegistryMissingError) as fault:
            raise CommandError(str(fault)) from fault
        # Workers are forked; none may share a database connection with another.
        connections.close_all()
        total = None if job.plan.endless else len(job.plan.baskets)
        screen = Screen(total=total, status_path=options["status"], quiet=options["quiet"], out=sys.stdout)
        try:
            tally = run(job, screen.show)
        except WorkerFailedError as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(screen.finish(tally))
        self.stdout.write(f"acknowledged sales: {job.acknowledgements}")
        if refused := screen.refused(tally):
            raise CommandError(f"{refused} sales were refused")


def check_ranges(options: dict[str, Any]) -> None:
    """Raises CommandError for a number that makes no sense."""
    for name, low, high in (
        ("batch", 1, BATCH_SALES_MAX),
        ("workers", 1, 64),
        ("baskets", 1, None),
        ("stores", 1, None),
        ("rate", 0, None),
        ("refunds", 0, 1),
    ):
        value = options[name]
        if value is not None and (value < low or (high is not None and value > high)):
            raise CommandError(f"--{name} must be at least {low}" + (f" and at most {high}" if high else ""))


def make_job(year: Year, chosen: Selection, now: datetime, options: dict[str, Any]) -> Job:
    """The job that the options describe. Raises RegistryMissingError."""
    plan = Plan(
        url=options["url"].rstrip("/"),
        batch=options["batch"],
        rate=options["rate"],
        live=options["live"],
        endless=options["until_stopped"] or (options["live"] and options["baskets"] is None),
        refunds=options["refunds"],
        baskets=chosen.baskets,
        wall_s=chosen.wall_s,
    )
    return Job(
        plan=plan,
        year=year,
        tills=demo_tills(int(year.stores[basket]) for basket in chosen.baskets),
        workers=options["workers"],
        acknowledgements=options["ack_file"] or options["folder"] / f"acknowledged-{now:%Y%m%dT%H%M%S}.jsonl",
        sequences=options["folder"] / SEQUENCES_NAME,
    )


def rules_text(year: Year, chosen: Selection) -> str:
    """A table of the rules and what they touched."""
    described = {rule.name.lower(): text for rule, text in DESCRIPTIONS.items()}
    found = account(year, chosen.baskets)
    return "\n".join(f"{count:>10,}  {name:<29} {described.get(name, '')}".rstrip() for name, count in found.items())
