"""Backups and restore drills in the admin: when, how long, and what each said in the end."""

from django.contrib import admin
from django.utils.html import format_html
from unfold.decorators import display

from ledger.admin_log import ListOnlyAdmin, at_second
from ledger.backups.models import BackupRun

LABELS = {"well": "success", "not-well": "danger"}
# A drill's verdict is its last line; a fault of PostgreSQL's programs takes more.
SAID_CHARACTERS = 160


@admin.register(BackupRun)
class BackupRunAdmin(ListOnlyAdmin):
    """Every run of `manage.py backup` and `manage.py restore_drill`, the newest first."""

    navigation_icon = "backup"
    navigation_title = "Backups and drills"
    ordering = ("-pk",)
    list_display = ("verdict", "kind", "ended", "took", "megabytes", "name", "in_the_end")
    list_display_links = None

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
        """The copy's."""
        return f"{run.bytes / 1_000_000:,.1f}"

    @admin.display(description="said in the end")
    def in_the_end(self, run: BackupRun) -> str:
        """Its last line; all of it when pointed at."""
        lines = run.said.strip().splitlines() or ["-"]
        return format_html('<span title="{}">{}</span>', run.said, lines[-1][:SAID_CHARACTERS])
