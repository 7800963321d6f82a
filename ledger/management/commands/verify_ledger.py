"""`manage.py verify_ledger`: is every record, block, entry and checkpoint as it was sealed?"""

import argparse
import json
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.shards import ALL_SHARDS
from ledger.verification.kept import KeptError, read_kept
from ledger.verification.progress import Progress
from ledger.verification.report import as_json, fault_lines, table
from ledger.verification.run import verify
from ledger.verification.scope import Scope

COULD_NOT_RUN = 2


def _since(text: str) -> date | int:
    try:
        return int(text) if text.isdigit() else date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day (2026-11-23) or a size of the log is expected") from None


class Command(BaseCommand):
    help = "Reads the ledger and its log again and names everything that is not as it was sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=_since, help="only what was sealed since a day, or logged since a size")
        parser.add_argument("--shard", type=int, nargs="+", choices=ALL_SHARDS, metavar="N", help="only these shards")
        parser.add_argument("--sample", type=int, metavar="BLOCKS", help="only so many blocks, drawn at random")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
        parser.add_argument(
            "--proof", type=Path, nargs="+", default=[], metavar="FILE", help="proofs or checkpoints that others kept"
        )
        parser.add_argument("--json", action="store_true", help="the result as JSON")
        parser.add_argument("--quiet", action="store_true", help="no progress, and no table when all is well")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = Scope(tuple(sorted(set(options["shard"] or ALL_SHARDS))), options["since"], options["sample"])
        progress = Progress(sys.stderr, quiet=options["quiet"])
        try:
            kept = [read_kept(path) for path in options["proof"]]
            run = verify(scope, workers=options["workers"], progress=progress, kept=kept)
            run.keep()
        except (DatabaseError, BrokenProcessPool, KeptError, OSError) as fault:
            raise CommandError(f"the ledger could not be read: {fault}", returncode=COULD_NOT_RUN) from fault
        if options["json"]:
            self.stdout.write(json.dumps(as_json(run)))
        else:
            for line in fault_lines(run):
                self.stderr.write(line)
            if not (options["quiet"] and run.is_well):
                self.stdout.write(table(run))
        if not run.is_well:
            raise SystemExit(1)
