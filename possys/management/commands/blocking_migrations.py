"""`manage.py blocking_migrations`: which migrations that are not applied yet would block sales, or break what runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from possys.blocking import blocking


class Command(BaseCommand):
    help = "Names the steps of migrations that are not applied yet which lock tables or break the version that runs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--all", action="store_true", help="also those that are applied; needs no database")

    def handle(self, *args: Any, **options: Any) -> None:
        found = blocking(unapplied_only=not options["all"])
        for step in found:
            self.stdout.write(str(step))
        if found:
            raise CommandError("Read docs/deployment.md, Migrations, before you apply them: they need a quiet hour.")
        self.stdout.write("nothing blocks")
