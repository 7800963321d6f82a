"""`manage.py health`: is everything flowing? Exit code 1 when a shard or a service is stopped or the store is away."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from ledger.feeding.queries import ServiceState, services
from ledger.queries import health
from ledger.shards import databases
from ledger.standing import read_standing
from possys.clock import now_ms, utc


class Command(BaseCommand):
    help = "Shows the backlog, the last block, the services on the feed and whatever is stopped."
    # At 3 a.m. it answers also where a setting is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now, moment = health(), utc(now_ms())
        fed, fault = _services()
        if options["json"]:
            said = {one.name: one.as_json(moment) for one in fed}
            self.stdout.write(json.dumps({**now.as_json(), "services": said}))
        else:
            self.stdout.write(
                f"capture store: {'reachable' if now.store_reachable else 'NOT REACHABLE'}\n"
                f"waiting:       {now.waiting} records\n"
                f"in the ledger: {now.records} records in {now.blocks} blocks, last sealed at {now.last_sealed_at}\n"
                f"marked:        {now.duplicates} duplicates, {now.conflicts} conflicts\n"
                f"database role: {read_standing(databases()[0]).line}"
            )
            for shard, reason in now.stopped.items():
                self.stdout.write(f"STOPPED shard {shard}: {reason}")
            if fault:
                self.stdout.write(f"services: not known: {fault}")
            for one in fed:
                self.stdout.write(f"service {one.name}: {one.line(moment)}")
                for stop in one.stops:
                    self.stdout.write(f"STOPPED service {one.name}, shard {stop.shard}: {stop.reason}")
        if now.stopped or not now.store_reachable or any(one.stops for one in fed):
            raise SystemExit(1)


def _services() -> tuple[list[ServiceState], str]:
    """The services, or why they cannot be read: by another role than the web's, or before `migrate`."""
    try:
        return services(), ""
    except DatabaseError as fault:
        return [], str(fault).strip()
