"""`manage.py prepare`: everything that must be there between `migrate` and the first sale; safe to run again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from ledger.epochs import EpochError, make_heads, open_shards
from ledger.partitions import make_days_ahead
from ledger.roles import NotTheOwnerError, apply_rights
from ledger.shards import databases
from ledger.tasks import DAYS_AHEAD
from possys.accounts.roles import keep_roles
from possys.clock import now_ms, utc
from transactions.operations import DeploymentError, fix_deployment

# Late and offline sales of the last days need no partition made on demand.
DAYS_BACK = 3


class Command(BaseCommand):
    help = (
        "Fixes the shards and keys, grants the database's roles and the staff's their rights, makes heads and "
        "partitions, opens the capture store's first epoch."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rights = [apply_rights(alias) for alias in databases()]
            fix_deployment()
            roles = keep_roles()
            heads = make_heads()
            days = make_days_ahead(utc(now_ms()).date(), ahead=DAYS_AHEAD, window=DAYS_BACK)
            opened = open_shards()
        except (DeploymentError, EpochError, NotTheOwnerError) as fault:
            raise CommandError(str(fault)) from fault
        except RedisError as fault:
            raise CommandError(f"the capture store cannot be reached: {fault}") from fault
        self.stdout.write(f"made {heads} heads and {days} partitions, opened {opened} shards")
        for applied in rights:
            self.stdout.write(f"granted {applied.granted} rights, took {applied.revoked} back")
            if applied.missing:
                self.stdout.write(f"no such role: {', '.join(applied.missing)} (deploy/roles.sql makes them)")
        for role in roles:
            self.stdout.write(str(role))
