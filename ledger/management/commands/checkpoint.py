"""`manage.py checkpoint`: brings every new block into the log and signs it, as the checkpointer does all the time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.log.checkpointer import catch_up


class Command(BaseCommand):
    help = "Appends every new block to the log and signs a checkpoint; needs the log's key."

    def handle(self, *args: Any, **options: Any) -> None:
        done = catch_up()
        if done.faults:
            raise CommandError("; ".join(done.faults))
        signed = f"signed {done.checkpoint.size} leaves" if done.checkpoint else "nothing new to sign"
        self.stdout.write(f"appended {done.appended} blocks, {signed}")
