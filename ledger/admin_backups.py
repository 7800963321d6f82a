"""Backups and restore drills in the admin: when, how long, and what each said in the end."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from ledger.admin_log import NewestAdmin, at_second
from ledger.backups.models import BackupRun

LABELS = {"well": "success", "not-well": "danger"}
# A drill's verdict is its last line; a fault of PostgreSQL's programs takes more.
SAID_CHARACTERS = 160


@admin.register(BackupRun)
class BackupRunAdmin(NewestAdmin):
    """Every run of `manage.py backup` and `manage.py restore_drill`, the newest first."""

    navigation_icon = "backup"
    navigation_title = "Backups and drills"
    list_display = ("verdict", "kind", "ended", "took", "megabytes", "backup", "in_the_end")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One run with all that it said."""
        run: BackupRun = self.whole(request, object_id)
        facts = [
            ("What", run.get_kind_display()),
            ("Backup", run.name or "none"),
            ("Begun", at_second(run.started_at)),
            ("Ended", f"{at_second(run.ended_at)}, after {self.took(run)}"),
            ("Size", f"{run.bytes:,} bytes" if run.bytes else "nothing was copied"),
        ]
        return self.page(request, "backup_run.html", str(run), original=run, facts=facts, lines=_lines(run))

    @display(description="verdict", label=LABELS)  # type: ignore[untyped-decorator]
    def verdict(self, run: BackupRun) -> tuple[str, str]:
        """Whether it can be relied on."""
        return ("well", "Well") if run.is_well else ("not-well", "Not well")

    @admin.display(description="ended at")
    def ended(self, run: BackupRun) -> str:
        """To the second."""
        return at_second(run.ended_at)

    @admin.display(description="took")
    def took(self, run: BackupRun) -> str:
        """How long it ran."""
        return f"{(run.ended_at - run.started_at).total_seconds():,.1f} s"

    @admin.display(description="size in MB")
    def megabytes(self, run: BackupRun) -> str:
        """The copy's, if there is one."""
        return f"{run.bytes / 1_000_000:,.1f}" if run.bytes else "-"

    @admin.display(description="backup")
    def backup(self, run: BackupRun) -> str:
        """Which was made or tried."""
        return run.name or "-"

    @admin.display(description="said in the end")
    def in_the_end(self, run: BackupRun) -> str:
        """The beginning of its last line; its page has all of it."""
        last = _lines(run)[-1]
        return last if len(last) <= SAID_CHARACTERS else last[: SAID_CHARACTERS - 1] + "…"


def _lines(run: BackupRun) -> list[str]:
    return run.said.strip().splitlines() or ["-"]
