"""What belongs to a store or a terminal, on its page, to look at: terminals, signing keys, enrolment codes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet

from transactions.admin_actions import link
from transactions.admin_base import STATUS_LABELS
from transactions.models import EnrolmentCode, Terminal, TerminalKey
from transactions.signatures import fingerprint

# A row takes unfold some milliseconds, and a store may have thousands of terminals.
ROWS_SHOWN = 20


class FirstRows(PaginationInlineFormSet):  # type: ignore[misc]
    """A few rows, however many there are: they are not counted, and nothing leads on."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "per_page": None})
        self._queryset = self.get_queryset()[:ROWS_SHOWN]


class LookInline(TabularInline):  # type: ignore[misc]
    """Rows that nobody adds, changes or deletes here; beyond the first few there is a list of them."""

    tab = True
    extra = 0
    formset = FirstRows
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class TerminalInline(LookInline):
    """A store's first terminals; the number leads to the terminal's own page, the form's line to the list of all."""

    model = Terminal
    verbose_name_plural = f"first {ROWS_SHOWN} terminals"
    fields = readonly_fields = ("number_link", "label", "status_label", "expires_on", "enrolled_at")

    @admin.display(description="number")
    def number_link(self, terminal: Terminal) -> str:
        """A link to the terminal."""
        url = reverse("admin:transactions_terminal_change", args=[terminal.pk])
        return link(url, terminal.number)

    @display(description="status", label=STATUS_LABELS)  # type: ignore[untyped-decorator]
    def status_label(self, terminal: Terminal) -> str:
        """Where it is in its life."""
        return terminal.status


class KeyInline(LookInline):
    """A terminal's public keys; the newest may be in use, older ones check what they signed."""

    model = TerminalKey
    verbose_name_plural = "signing keys"
    fields = readonly_fields = ("number", "fingerprint", "registered_at")
    ordering = ("-number",)

    @admin.display(description="fingerprint")
    def fingerprint(self, key: TerminalKey) -> str:
        """What the till prints of it."""
        return fingerprint(bytes(key.public_key))


class CodeInline(LookInline):
    """A terminal's enrolment codes: who made them and what became of them, never the code."""

    model = EnrolmentCode
    fields = readonly_fields = ("created_at", "made_by", "leads_to", "expires_at", "used_at", "state")

    @admin.display(description="leads to")
    def leads_to(self, code: EnrolmentCode) -> str:
        """What its till becomes."""
        return "active" if code.activates else "testing"

    @admin.display(description="state")
    def state(self, code: EnrolmentCode) -> str:
        """Whether it can still be used."""
        if code.used_at is not None:
            return "used"
        return "open" if timezone.now() < code.expires_at else "void"
