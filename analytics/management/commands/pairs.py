"""`manage.py pairs [RETAILER ...]`: counts what is bought together, now and not tonight."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics.pairs.operations import count_retailer, next_retailer
from possys.clock import now_ms, utc
from transactions.models import Retailer


class Command(BaseCommand):
    help = "Counts what was bought together at each retailer, or at those whose numbers are given, and keeps the pairs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which retailers; without one, all."""
        parser.add_argument("retailers", nargs="*", type=int, metavar="RETAILER", help="a retailer's number")

    def handle(self, *args: Any, **options: Any) -> None:
        asked: list[int] = options["retailers"]
        known = set(Retailer.objects.filter(pk__in=asked).values_list("pk", flat=True))
        if unknown := [number for number in asked if number not in known]:
            raise CommandError(f"there is no retailer {', '.join(map(str, unknown))}")
        now = timezone.localtime(utc(now_ms()))
        for retailer in asked or _all():
            done = count_retailer(retailer, now)
            self.stdout.write(
                f"retailer {retailer}: {done.pairs:,} pairs among {done.products:,} products "
                f"in {done.baskets:,} baskets, {done.took_ms / 1000:.1f} s"
            )


def _all() -> Iterator[int]:
    retailer = next_retailer(0)
    while retailer is not None:
        yield retailer
        retailer = next_retailer(retailer)
