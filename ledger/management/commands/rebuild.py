"""`manage.py rebuild NAME`: a service's tables filled from zero beside the live ones, then exchanged with them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.consumers import UnknownConsumerError, all_consumers, consumer_named
from ledger.feeding.copies import CannotCopyError
from ledger.feeding.rebuilding import RebuildError, rebuild
from ledger.management.progress import ProgressLine


class Command(BaseCommand):
    help = (
        "Feeds a consumer the whole ledger into new tables, as the tables' owner, while the live ones stay in use; "
        "then exchanges the two in one DB transaction. Stopped before that, nothing has happened."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which consumer; without one, lists them."""
        parser.add_argument("name", nargs="?", help="as its consumers.py declares it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["name"] is None:
            for one in all_consumers():
                self.stdout.write(f"{one.name}: {', '.join(model._meta.db_table for model in one.tables)}")
            return
        line = ProgressLine(self.stdout)
        try:
            done = rebuild(consumer_named(options["name"]), lambda fed, total: line("fed", fed, total))
        except (UnknownConsumerError, RebuildError, CannotCopyError) as fault:
            raise CommandError(str(fault)) from fault
        except DatabaseError as fault:
            raise CommandError(f"{fault}; the live tables are as they were") from fault
        self.stdout.write(f"rebuilt from {done.sales:,} sales in {done.blocks:,} blocks")
