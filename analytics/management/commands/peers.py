"""`manage.py peers`: publishes the week of shops compared with their peers that is due, now and not tonight."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from analytics.peers.operations import publish
from possys.clock import now_ms, utc


class Command(BaseCommand):
    help = (
        "Compares stores of the same kind by the four weeks that ended last, if that week is not published. "
        "What was published is never worked out again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = publish(timezone.localtime(utc(now_ms())))
        if done.reason:
            self.stdout.write(f"week from {done.week}: nothing published, {done.reason}")
        else:
            self.stdout.write(
                f"week from {done.week}: {done.stores:,} stores, {done.figures:,} figures, "
                f"{done.told:,} of them beside their peers'"
            )
