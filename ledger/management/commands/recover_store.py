"""`manage.py recover_store URL`: captures again what another, old store still holds."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from ledger.recovery import Recovered, recover_stream
from ledger.shards import ALL_SHARDS
from possys.redis import connect
from transactions.stream import stream_key

# Reading an old store is not in a till's way.
TIMEOUT_S = 30.0


class Command(BaseCommand):
    help = "Reads every stream of an old store and captures into the present one what neither it nor the ledger has."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="the old store, as redis://...")

    def handle(self, *args: Any, **options: Any) -> None:
        source = connect(options["url"], timeout_s=TIMEOUT_S)
        total = Recovered()
        try:
            for shard in ALL_SHARDS:
                asides = sorted(source.scan_iter(match=f"{stream_key(shard)}:aside:*".replace("{", "[{]")))
                for name in [stream_key(shard), *[aside.decode() for aside in asides]]:
                    total.add(recover_stream(source, name, shard))
        except RedisError as fault:
            raise CommandError(f"{fault}; nothing is lost, run this again") from fault
        self.stdout.write(f"{total.captured} records captured again, {total.known} already known")
        for line in [*total.damaged, *total.refused]:
            self.stderr.write(line)
        if total.damaged or total.refused:
            raise CommandError(f"{len(total.damaged)} damaged entries, {len(total.refused)} refused records")
