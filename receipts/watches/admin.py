"""Watches and their mails in the admin: only to look at, addresses masked; what was given up can be sent again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.decorators import action, display

from ledger.models import identity_of
from possys.clock import now_ms, utc
from possys.codes import CodeError
from possys.contact import masked
from possys.keyset_admin import KeysetAdmin
from possys.receipt_keys import table
from receipts.watches import operations
from receipts.watches.models import Mail, Watch

STATE_LABELS = {"waiting": "info", "sent": "success", "failed": "danger", "shown on the page": "success"}
WATCH_LABELS = {"watches": "success", "not confirmed": "warning"}


class ReadOnlyAdmin(KeysetAdmin):
    """Nobody adds, changes or deletes here: only the address's owner may end a watch."""

    navigation_group = "Customers"
    search_help_text = "Receipt code, whole"
    # Where the watch is, from the list's own rows.
    watch = ""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the receipt's identity and day, which are unique with the address."""
        if not search_term.strip():
            return queryset, False
        try:
            place = table().decode(search_term)
        except CodeError:
            return queryset.none(), False
        found = {"original": identity_of(place.terminal, place.sequence), "original_on": place.day}
        return queryset.filter(**{f"{self.watch}{name}": value for name, value in found.items()}), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    """Who is told of what."""

    navigation_icon = "notifications"
    list_display = ("code", "masked_address", "state", "language", "asked_at", "confirmed_at")
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter),)
    search_fields = ("code",)
    fields = readonly_fields = ("code", "masked_address", "state", "language", "asked_at", "confirmed_at")

    @admin.display(description="address")
    def masked_address(self, watch: Watch) -> str:
        """Staff need not know whom it is about."""
        return masked(watch.address)

    @display(description="state", label=WATCH_LABELS)  # type: ignore[untyped-decorator]
    def state(self, watch: Watch) -> str:
        """Whether its owner has confirmed it."""
        return "not confirmed" if watch.confirmed_at is None else "watches"


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """The outbox: what waits, what was sent, what was given up and why."""

    navigation_icon = "outgoing_mail"
    navigation_title = "Outbox"
    list_display = ("written_at", "code", "kind", "masked_address", "state_label", "tries", "due_at", "fault")
    list_filter = ("state", "kind")
    list_select_related = ("watch",)
    search_fields = ("watch__code",)
    watch = "watch__"
    fields = readonly_fields = (
        "code", "kind", "masked_address", "state_label", "written_at", "due_at", "ended_at", "tries", "fault",
    )  # fmt: skip
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mail]:
        """With the watch that holds code and address."""
        rows: QuerySet[Mail] = super().get_queryset(request)
        return rows.select_related("watch")

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        """Whoever may change mails."""
        return request.user.has_perm("receipts.change_mail")

    @action(description="Send again", permissions=["send_again"])  # type: ignore[untyped-decorator]
    def send_again(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        """Those of the chosen ones that were given up."""
        done = operations.send_again(list(queryset.values_list("pk", flat=True)), utc(now_ms()))
        if done:
            messages.success(request, f"{done} sent again: the outbox takes them up within seconds.")
        else:
            messages.warning(request, "None of these was given up, so none is sent again.")

    @admin.display(description="receipt")
    def code(self, mail: Mail) -> str:
        """The watched one."""
        return mail.watch.code

    @admin.display(description="address")
    def masked_address(self, mail: Mail) -> str:
        """As in the list of watches."""
        return masked(mail.watch.address)

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, mail: Mail) -> str:
        """In words."""
        return mail.get_state_display()
