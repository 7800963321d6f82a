"""`manage.py verify_audit`: is every act of the audit log as it was published in the ledger's log?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit.verifying import Verdict, verify_acts

COULD_NOT_RUN = 2


class Command(BaseCommand):
    help = "Reads the audit log again and names every act that was changed, is missing, or was put in."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            verdict = verify_acts()
        except DatabaseError as away:
            raise CommandError(f"the audit log could not be read: {away}", returncode=COULD_NOT_RUN) from away
        for fault in verdict.faults:
            self.stderr.write(fault)
        self.stdout.write(report(verdict))
        if not verdict.is_well:
            raise SystemExit(1)


def report(verdict: Verdict) -> str:
    """What was looked at, in words."""
    newest = verdict.acts - verdict.published
    lines = [
        f"{verdict.acts:,} acts, {verdict.published:,} of them published in {verdict.publications:,} notices",
        f"{max(newest, 0):,} since the last publication: only the database's own rules protect these, for seconds",
        f"{verdict.waiting:,} notices wait for the log; the newest {verdict.proven:,} in it lead to the signed root of "
        f"{verdict.log_size:,} leaves",
        f"{len(verdict.faults):,} faults" if verdict.faults else "every act is as it was published",
    ]
    return "\n".join(lines)
