"""`manage.py flush`: does by hand what the Celery tasks do."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ledger import ticks
from ledger.flush import flush_all
from ledger.shards import ALL_SHARDS


class Command(BaseCommand):
    help = "Moves what waits in the capture store into the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="until nothing waits, then stop (else: until Ctrl-C)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            done = flush_all(ALL_SHARDS)
            self.stdout.write(f"flushed {done.records} records in {done.blocks} blocks")
            for shard, reason in sorted(done.stopped.items()):
                self.stderr.write(f"shard {shard} is stopped: {reason}")
            if done.stopped:
                raise SystemExit(1)
            return
        try:
            while True:
                ticks.run(ALL_SHARDS, hold=lambda: True)
        except KeyboardInterrupt:
            self.stdout.write("stopped")
