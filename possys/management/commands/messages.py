"""`manage.py messages`: brings the translations' files up to the sources and compiles them; needs no database."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from possys.messages import compile_stale, update


class Command(BaseCommand):
    help = "Finds the texts of the customer's pages, updates locale/*/LC_MESSAGES/django.po and compiles them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--compile", action="store_true", help="only compile; what a deployment does")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["compile"]:
            for language, untranslated in update().items():
                self.stdout.write(f"{language}: {untranslated} texts to translate")
        for path in compile_stale():
            self.stdout.write(f"made {path}")
