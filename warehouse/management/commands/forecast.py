"""manage.py forecast: makes forecasts now, or goes on with those that were interrupted."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from transactions.models import Retailer
from warehouse.demand.running import forecast_all


class Command(BaseCommand):
    help = "Forecast what retailers' stores will sell in the next four weeks; killed, it goes on where it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--retailer", type=int, help="only this one's number")
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            help="the last day that is known, YYYY-MM-DD (default: yesterday); nothing sold later is looked at",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        retailers = Retailer.objects.order_by("pk")
        if options["retailer"] is not None:
            retailers = retailers.filter(pk=options["retailer"])
            if not retailers:
                raise CommandError(f"There is no retailer {options['retailer']}.")
        forecast_all(retailers, options["until"], timezone.localtime, self.stdout.write)
