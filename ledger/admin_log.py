"""The log in the admin: the verdict on the ledger, checkpoints, witnesses, checks, the archive, other entries."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.decorators import display

from ledger.admin_base import LedgerAdmin
from ledger.admin_checkpoints import checkpoint_page
from ledger.admin_leaves import leaf_page, leaf_summary
from ledger.admin_runs import run_page
from ledger.admin_soundness import soundness_page, witness_cards
from ledger.evidence import configured_witnesses, leaf_time, soundness
from ledger.log.checkpoint import SIZE_MAX
from ledger.log.leaves import LeafKind
from ledger.log.models import ArchiveMove, Checkpoint, LogEntry, LogHead, VerificationRun, WitnessContact

# Two lines of a telephone's screen; the whole stands on the leaf's page.
SUMMARY_CHARACTERS = 64
RUN_LABELS = {"well": "success", "faults": "danger"}
KIND_LABELS = {
    "key": "info",
    "removal": "danger",
    "archive": "warning",
    "restore": "success",
    "block": "info",
    "notice": "info",
}
MOVE_LABELS = {"archived": "warning", "restored": "success"}


class ListOnlyAdmin(LedgerAdmin):
    """One page of its own in the place of Django's list, and no other."""

    def get_urls(self) -> list[URLPattern]:
        """The list."""
        name = f"ledger_{self.opts.model_name}_changelist"
        return [path("", self.admin_site.admin_view(self.changelist_view), name=name)]


class NewestAdmin(LedgerAdmin):
    """A list that grows for ever, the newest first, with a page of its own for each row."""

    ordering: tuple[str, ...] = ("-pk",)

    def whole(self, request: HttpRequest, object_id: str) -> Any:
        """The row of a page. Raises PermissionDenied, Http404."""
        self.require_view(request)
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found


@admin.register(LogHead)
class SoundnessAdmin(ListOnlyAdmin):
    """Whether the ledger is sound, as of when, and what to do."""

    navigation_icon = "verified"
    navigation_rank = -1

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The verdict with what it rests on."""
        self.require_view(request)
        return self.page(request, "soundness.html", "Is the ledger sound?", sound=soundness_page())


@admin.register(WitnessContact)
class WitnessAdmin(ListOnlyAdmin):
    """The witnesses and their lag, also those of which nothing was heard."""

    navigation_icon = "visibility"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """All of them."""
        self.require_view(request)
        return self.page(request, "witnesses.html", "Witnesses", witnesses=witness_cards(soundness()))


@admin.register(Checkpoint)
class CheckpointAdmin(NewestAdmin):
    """Every signed checkpoint; the page of one checks it again."""

    navigation_icon = "approval"
    list_display = ("size", "root_short", "signed", "confirmed_by")
    search_fields = ("size",)
    search_help_text = "Number of leaves"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        """With how many of the configured witnesses confirmed as much or more."""
        names = [one.name for one in configured_witnesses().verifiers]
        confirming = WitnessContact.objects.filter(name__in=names, size__gte=OuterRef("size")).order_by()
        counted = confirming.annotate(all=F("size") * 0).values("all").annotate(count=Count("pk")).values("count")
        rows: QuerySet[Checkpoint] = super().get_queryset(request)
        return rows.annotate(confirming=Coalesce(Subquery(counted), 0))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Checkpoint], search_term: str
    ) -> tuple[QuerySet[Checkpoint], bool]:
        """The checkpoint of so many leaves."""
        return by_number(queryset, "size", search_term), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The note with every signature checked."""
        found = self.whole(request, object_id)
        return self.page(request, "checkpoint.html", str(found), found=checkpoint_page(found), original=found)

    @admin.display(description="root")
    def root_short(self, checkpoint: Checkpoint) -> str:
        """Its beginning."""
        whole = bytes(checkpoint.root).hex()
        return format_html('<code title="{}">{}…</code>', whole, whole[:16])

    @admin.display(description="signed at")
    def signed(self, checkpoint: Checkpoint) -> str:
        """To the second."""
        return at_second(checkpoint.signed_at)

    @admin.display(description="confirmed by")
    def confirmed_by(self, checkpoint: Any) -> str:
        """A witness that confirmed a later checkpoint has confirmed all before it."""
        total = len(configured_witnesses().verifiers)
        return f"{checkpoint.confirming} of {total} witnesses" if total else "no witness configured"


@admin.register(VerificationRun)
class VerificationRunAdmin(NewestAdmin):
    """Every check of the ledger: commands' and the samples that run all day."""

    navigation_icon = "fact_check"
    list_display = ("verdict", "scope", "ended", "took", "log_size", "blocks", "records", "fault_count")
    search_fields = ("scope",)
    search_help_text = "Beginning of the scope, such as everything or sample"

    def get_queryset(self, request: HttpRequest) -> QuerySet[VerificationRun]:
        """Without the faults' long list, which only the page of one shows."""
        rows: QuerySet[VerificationRun] = super().get_queryset(request)
        return rows.defer("faults")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[VerificationRun], search_term: str
    ) -> tuple[QuerySet[VerificationRun], bool]:
        """Runs of a scope."""
        return queryset.filter(scope__istartswith=search_term.strip()) if search_term.strip() else queryset, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What was read and what was found."""
        found = self.whole(request, object_id)
        return self.page(request, "verification_run.html", str(found), found=run_page(found), original=found)

    @display(description="verdict", label=RUN_LABELS)  # type: ignore[untyped-decorator]
    def verdict(self, run: VerificationRun) -> tuple[str, str]:
        """Whether it found anything."""
        return ("well", "Well") if run.is_well else ("faults", "Faults found")

    @admin.display(description="ended at")
    def ended(self, run: VerificationRun) -> str:
        """To the second."""
        return at_second(run.ended_at)

    @admin.display(description="took")
    def took(self, run: VerificationRun) -> str:
        """How long it read."""
        return f"{(run.ended_at - run.started_at).total_seconds():.1f} s"


@admin.register(ArchiveMove)
class ArchiveMoveAdmin(NewestAdmin):
    """Days moved to files and back; the latest row of a day says where its blocks are."""

    navigation_icon = "inventory_2"
    navigation_title = "Archive"
    list_display = ("sealed_on", "move", "blocks", "records", "megabytes", "file_name", "moved")
    # Which way it went stands in the page's title.
    fields = readonly_fields = ("sealed_on", "blocks", "records", "bytes", "file_name", "moved")
    search_fields = ("file_name",)
    search_help_text = "File's name; it holds the day"

    @display(description="move", label=MOVE_LABELS)  # type: ignore[untyped-decorator]
    def move(self, moved: ArchiveMove) -> tuple[str, str]:
        """Which way."""
        return ("restored", "Restored") if moved.is_restored else ("archived", "Archived")

    @admin.display(description="sealed on")
    def sealed_on(self, moved: ArchiveMove) -> str:
        """The day, as it stands in addresses and files."""
        return moved.day.isoformat()

    @admin.display(description="size in MB")
    def megabytes(self, moved: ArchiveMove) -> str:
        """The file's."""
        return f"{moved.bytes / 1_000_000:,.1f}"

    @admin.display(description="moved at")
    def moved(self, moved: ArchiveMove) -> str:
        """To the second."""
        return at_second(moved.moved_at)


@admin.register(LogEntry)
class LogEntryAdmin(NewestAdmin):
    """What the log says besides blocks: keys, removals, archives; any leaf by its index."""

    navigation_icon = "history_edu"
    navigation_title = "Log: keys, removals, archive"
    list_display = ("index", "kind_label", "summary", "written")
    search_fields = ("index",)
    search_help_text = "Index of any leaf, blocks included"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LogEntry], search_term: str
    ) -> tuple[QuerySet[LogEntry], bool]:
        """A leaf by its index; without one, those that are no blocks."""
        if search_term.strip():
            return by_number(queryset, "index", search_term), False
        return queryset.exclude(kind=LeafKind.BLOCK), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The leaf, readable."""
        found = self.whole(request, object_id)
        return self.page(request, "leaf.html", str(found), found=leaf_page(found), original=found)

    @display(description="kind", label=KIND_LABELS)  # type: ignore[untyped-decorator]
    def kind_label(self, entry: LogEntry) -> tuple[str, str]:
        """What it is."""
        return entry.get_kind_display(), entry.get_kind_display().capitalize()

    @admin.display(description="says")
    def summary(self, entry: LogEntry) -> str:
        """In a line that fits a telephone."""
        whole = leaf_summary(entry)
        return format_html('<span title="{}">{}</span>', whole, Truncator(whole).chars(SUMMARY_CHARACTERS))

    @admin.display(description="written at")
    def written(self, entry: LogEntry) -> str:
        """As it stands in the leaf."""
        return leaf_time(entry)


def at_second(moment: datetime) -> str:
    """As in the files and addresses, not as in a letter."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def by_number(queryset: QuerySet[Any], column: str, term: str) -> QuerySet[Any]:
    """The row with that number, written with or without separators; none for what is no number."""
    digits = term.replace(",", "").strip()
    if not digits:
        return queryset
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(SIZE_MAX)) or int(digits) > SIZE_MAX:
        return queryset.none()
    return queryset.filter(**{column: int(digits)})
