"""The ledger in the admin, to look at only: nobody, superusers included, changes anything here."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from ledger import (  # noqa: F401 - importing registers their pages
    admin_backups,
    admin_feed_tokens,
    admin_log,
    admin_services,
)
from ledger.admin_base import LedgerAdmin
from ledger.admin_blocks import block_rows, find_block
from ledger.admin_entries import NoEntryError, Rows, code_of, entry_rows, entry_url, find_entry
from ledger.admin_forms import EntryForm, ShardDayForm, busiest_shard, today
from ledger.admin_health import health_page
from ledger.admin_leaves import logged_block
from ledger.admin_marks import compare
from ledger.archive.packs import ArchiveAwayError
from ledger.models import SEQUENCE_BITS, Block, Entry, EpochRaise, Head, MarkedRecord
from possys.codes import CodeError
from possys.receipt_keys import table
from transactions.sale import TERMINAL_MAX
from transactions.stream import SHARD_COUNT, shard_of

# More records than a block can hold on pages of 50; a larger page number is a mistake.
PAGES_MAX = 100
# Longer numbers are no terminals.
TERMINAL_DIGITS = len(str(TERMINAL_MAX)) + 1
MARK_LABELS = {"duplicate": "info", "conflict": "danger"}


class PartitionedAdmin(LedgerAdmin):
    """Tables of daily partitions: no page of Django's own, which would look for a key in every day."""

    def get_urls(self) -> list[URLPattern]:
        """The list, and what the class adds."""
        name = f"ledger_{self.opts.model_name}_changelist"
        return [path("", self.admin_site.admin_view(self.changelist_view), name=name)]

    def list_page(
        self, request: HttpRequest, form: ShardDayForm, rows: Rows | None, title: str, problem: str = ""
    ) -> TemplateResponse:
        """A list with its questions; `next_url` leads to the page after."""
        next_url = ""
        if rows is not None and rows.move_on is not None:
            asked = {name: value for name, value in form.data.items() if value not in (None, "")}
            next_url = f"{request.path}?{urlencode({**asked, 'move_on': rows.move_on})}"
        return self.page(
            request,
            "list.html",
            title,
            form=form,
            table=None if rows is None else rows.table,
            next_url=next_url,
            first_url=f"{request.path}?{urlencode({**form.data, 'move_on': ''})}",
            problem=problem,
        )


def asked_for(form_class: type[ShardDayForm], request: HttpRequest) -> ShardDayForm:
    """The form with today and a shard where none were named."""
    data = {name: request.GET.get(name, "") for name in form_class.base_fields}
    data["day"] = data["day"] or today().isoformat()
    terminal = data.get("terminal", "")
    if terminal.isascii() and terminal.isdigit() and len(terminal) < TERMINAL_DIGITS:
        data["shard"] = str(shard_of(int(terminal)))
    elif not data["shard"]:
        data["shard"] = str(busiest_shard())
    return form_class(data)


@admin.register(Entry)
class EntryAdmin(PartitionedAdmin):
    """Entries by receipt code; without one, a shard's day page by page."""

    navigation_icon = "receipt_long"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """`?code=` shows one entry; terminal, sequence and day lead there; else a list."""
        self.require_view(request)
        problem = ""
        if code := request.GET.get("code", "").strip():
            try:
                found = find_entry(code)
                known_as = found.found.record.code
                return self.page(request, "entry.html", f"Entry {known_as}", entry=found, acts_key=known_as)
            except NoEntryError as fault:
                problem = str(fault)
        form = asked_for(EntryForm, request)
        if not form.is_valid() or problem:
            return self.list_page(request, form, None, "Entries", problem)
        asked = form.cleaned_data
        terminal, day = asked["terminal"], asked["day"]
        try:
            if terminal is not None and asked["sequence"] is not None:
                return HttpResponseRedirect(entry_url(code_of(terminal, asked["sequence"], day)))
            shard = asked["shard"] if terminal is None else shard_of(terminal)
            rows = entry_rows(shard, day, terminal, asked["move_on"])
        except ValueError as fault:
            return self.list_page(request, form, None, "Entries", str(fault))
        return self.list_page(request, form, rows, f"Entries of shard {shard} issued on {day}")


@admin.register(Block)
class BlockAdmin(PartitionedAdmin):
    """Blocks of a shard's day, and one block with its records."""

    navigation_icon = "deployed_code"

    def get_urls(self) -> list[URLPattern]:
        """The list and the page of a block."""
        page = path(
            "<str:day>/<int:shard>/<int:number>/",
            self.admin_site.admin_view(self.block_view),
            name="ledger_block_page",
        )
        return [*super().get_urls(), page]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """A shard's blocks of a day, the latest first."""
        self.require_view(request)
        form = asked_for(ShardDayForm, request)
        if not form.is_valid():
            return self.list_page(request, form, None, "Blocks")
        asked = form.cleaned_data
        try:
            rows = block_rows(asked["shard"], asked["day"], asked["move_on"])
        except ArchiveAwayError as fault:
            return self.list_page(request, form, None, "Blocks", f"This day was archived, and {fault}.")
        title = f"Blocks of shard {asked['shard']} sealed on {asked['day']}"
        return self.list_page(request, form, rows, title)

    def block_view(self, request: HttpRequest, day: str, shard: int, number: int) -> HttpResponse:
        """One block and a page of its records. Raises Http404."""
        self.require_view(request)
        try:
            page = int(request.GET.get("page", "1"))
            sealed_on = date.fromisoformat(day)
        except ValueError as fault:
            raise Http404 from fault
        if not 1 <= page <= PAGES_MAX or shard >= SHARD_COUNT or number >= 2**31:
            raise Http404
        try:
            found = find_block(shard, sealed_on, number, page)
        except ArchiveAwayError as fault:
            raise Http404(str(fault)) from fault
        if found is None:
            raise Http404
        logged = logged_block(shard, number, found.header)
        return self.page(
            request,
            "block.html",
            f"Block {number} of shard {shard}",
            found=found,
            logged=logged,
            acts_key=f"{sealed_on}/{shard}/{number}",
        )


@admin.register(Head)
class HeadAdmin(LedgerAdmin):
    """The list is the flush's health, shard by shard; a shard's page is its head."""

    navigation_icon = "monitor_heart"
    navigation_title = "Flush health"
    navigation_rank = 0
    exclude = ("header_hash", "entry_sha256")
    readonly_fields = ("header_hash_hex", "entry_sha256_hex")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Figures, alarms, and every shard."""
        self.require_view(request)
        return self.page(request, "health.html", "Flush health", health=health_page())

    @admin.display(description="header's hash")
    def header_hash_hex(self, head: Head) -> str:
        """Of the shard's last block."""
        return bytes(head.header_hash).hex()

    @admin.display(description="SHA-256 of the last stream entry taken")
    def entry_sha256_hex(self, head: Head) -> str:
        """What the next flush compares the store with."""
        return bytes(head.entry_sha256).hex()


@admin.register(EpochRaise)
class EpochRaiseAdmin(LedgerAdmin):
    """The trace of every rebuild and promotion."""

    navigation_icon = "restart_alt"
    list_display = ("shard", "epoch", "reason", "raised_at", "head_epoch", "head_number")
    list_display_links = ("shard", "epoch")
    list_filter = ("raised_at",)
    search_fields = ("reason",)


class ShardFilter(admin.SimpleListFilter):
    """One shard."""

    title = "shard"
    parameter_name = "shard"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All of them."""
        return [(str(shard), str(shard)) for shard in range(SHARD_COUNT)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MarkedRecord]) -> QuerySet[MarkedRecord]:
        """Those of the shard."""
        value = self.value()
        is_number = value is not None and value.isascii() and value.isdigit()
        return queryset.filter(shard=int(value or 0)) if is_number else queryset


@admin.register(MarkedRecord)
class MarkedRecordAdmin(LedgerAdmin):
    """Duplicates and conflicts; the page of one shows both records side by side."""

    navigation_icon = "difference"
    list_display = (
        "kind_label",
        "terminal",
        "sequence",
        "issued_on",
        "shard",
        "block",
        "position",
        "sealed_on",
        "first",
    )
    list_filter = ("kind", "sealed_on", ShardFilter)
    ordering = ("-sealed_on", "-pk")
    search_fields = ("identity",)
    search_help_text = "Terminal or receipt code"

    @display(description="kind", label=MARK_LABELS)  # type: ignore[untyped-decorator]
    def kind_label(self, mark: MarkedRecord) -> str:
        """Duplicate or conflict."""
        return mark.get_kind_display()

    @admin.display(description="first record")
    def first(self, mark: MarkedRecord) -> str:
        """Where the first record of the identity is."""
        if mark.first_block is None:
            return "none"
        return f"block {mark.first_block}, position {mark.first_position}, {mark.first_sealed_on}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MarkedRecord], search_term: str
    ) -> tuple[QuerySet[MarkedRecord], bool]:
        """A terminal's number or a receipt code, by the index of identities."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdigit() and len(term) < TERMINAL_DIGITS:
            first, last = int(term) << SEQUENCE_BITS, (int(term) + 1) << SEQUENCE_BITS
            return queryset.filter(shard=shard_of(int(term)), identity__gte=first, identity__lt=last), False
        try:
            place = table().decode(term)
        except CodeError:
            return queryset.none(), False
        identity = place.terminal << SEQUENCE_BITS | place.sequence
        return queryset.filter(shard=shard_of(place.terminal), identity=identity), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Both records side by side."""
        self.require_view(request)
        mark = self.get_object(request, object_id)
        if mark is None:
            raise Http404
        back = reverse("admin:ledger_markedrecord_changelist")
        return self.page(request, "comparison.html", str(mark), original=mark, found=compare(mark), back_url=back)
