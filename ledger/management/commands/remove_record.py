"""`manage.py remove_record CODE --reason TEXT`: removes one record for good because the law demands it."""

import sqlite3
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.archive.lock import ArchiveBusyError
from ledger.log.appending import LogMovedError
from ledger.removal import Removable, RemovalRefusedError, find_removable, remove

REFUSALS = (RemovalRefusedError, ArchiveBusyError, LogMovedError)


class Command(BaseCommand):
    help = (
        "Removes what a sale said, for good: its leaf hash, its entry and a public leaf in the log with the reason "
        "stay. Killed, it is completed by running it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the receipt code")
        parser.add_argument("--reason", required=True, help="public for ever, in the log: name the order, no person")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = find_removable(options["code"])
            self.stdout.write("\n".join(_said(found)))
            if not (
                options["yes"] or input("Remove it for good? Type the code's last four symbols: ") == found.code[-4:]
            ):
                raise CommandError("nothing was removed")
            done = remove(found, options["reason"])
        except (*REFUSALS, DatabaseError, sqlite3.Error, OSError, EOFError) as fault:
            raise CommandError(str(fault) or "nothing was removed") from fault
        if done.logged or done.rewritten:
            self.stdout.write(f"removed: {done.logged} leaves in the log, {done.rewritten} bodies rewritten")
        else:
            self.stdout.write("it was removed already")


def _said(found: Removable) -> list[str]:
    own, *duplicates = found.places
    lines = [f"{found.code}: shard {found.shard}, block {own.block} of {own.sealed_on}, position {own.position}"]
    lines += [
        f"  the same again in block {one.block} of {one.sealed_on}, position {one.position}" for one in duplicates
    ]
    lines += [
        f"  stays: another sale under its identity, block {one.block} of {one.sealed_on}, position {one.position}"
        for one in found.conflicts
    ]
    return lines
