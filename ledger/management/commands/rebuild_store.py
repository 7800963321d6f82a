"""`manage.py rebuild_store`: after the capture store was wiped, exchanged or lost its tail."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from ledger.epochs import raise_epochs
from ledger.shards import ALL_SHARDS


class Command(BaseCommand):
    help = (
        "Raises the epoch of the shards on the store of REDIS_URL, loads its terminals from the registry, and captures "
        "again what it still holds and the ledger does not have. Tills get 503 meanwhile. Also for a promoted replica."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="kept with the epoch, for whoever reads the ledger later")
        parser.add_argument("--shard", type=int, action="append", help="only this shard (may be repeated)")

    def handle(self, *args: Any, **options: Any) -> None:
        shards = options["shard"] or ALL_SHARDS
        opened, begun_s = 0, time.monotonic()

        def progress(shard: int) -> None:
            nonlocal opened
            opened += 1
            left_s = (time.monotonic() - begun_s) / opened * (len(shards) - opened)
            self.stdout.write(f"  shard {shard} takes sales again ({opened} of {len(shards)}, {left_s:,.0f} s left)")
            self.stdout.flush()

        try:
            done = raise_epochs(shards, options["reason"], progress=progress)
        except RedisError as fault:
            raise CommandError(f"the store cannot be reached: {fault}; run this again") from fault
        self.stdout.write(
            f"raised the epoch of {len(shards)} shards in {time.monotonic() - begun_s:,.1f} s; {done.captured} records "
            f"captured again, {done.known} known"
        )
        for line in [*done.damaged, *done.refused]:
            self.stderr.write(line)
        if done.damaged or done.refused:
            raise CommandError(
                f"{len(done.damaged)} damaged entries and {len(done.refused)} refused records were kept aside"
            )
