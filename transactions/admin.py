"""The registry in the admin: retailers, stores, terminals; changed through `transactions.operations` only."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display
from unfold.enums import ActionVariant

from possys.codes import TERMINAL_MAX
from possys.keyset_search import asked, first_found
from transactions import admin_bulk as bulk
from transactions import admin_changes as changes
from transactions import admin_codes as codes
from transactions import admin_outages, admin_steps, operations
from transactions.admin_actions import link, offered, staff
from transactions.admin_base import STATUS_LABELS, RegistryAdmin, become, counts_of
from transactions.admin_forms import StoreForm
from transactions.admin_inlines import CodeInline, KeyInline, TerminalInline
from transactions.admin_lives import step
from transactions.admin_search import (
    RetailerFilter,
    StoreFilter,
    StoresRetailerFilter,
    number_in,
    retailers_of,
    stores_of,
    terminals_of,
)
from transactions.life import effective
from transactions.models import Life, Retailer, Store, Terminal, TerminalKey
from transactions.operations import Premises
from transactions.signatures import fingerprint

# Django looks for admins here.
__all__ = ["RetailerAdmin", "StoreAdmin", "TerminalAdmin", "admin_outages", "admin_steps"]

STATUS = "Change the status"


@admin.register(Retailer)
class RetailerAdmin(RegistryAdmin):
    """Taxpayers; one with stores stays for ever, because the ledger names it."""

    navigation_icon = "domain"
    list_display = ("name", "tax_id", "status_label", "stores_link", "gateway_version", "created_at")
    list_filter = ("status",)
    ordering = ("name", "pk")
    sortable_by = ("name", "tax_id", "created_at")
    search_fields = ("name", "tax_id")
    search_help_text = "Whole tax id, or words of the name"
    readonly_fields = ("status_label", "stores_link", "gateway_version", "gateway_overlap_until", "created_at")
    actions_detail = (
        "rotate_gateway_token",
        {"title": STATUS, "icon": "sync_alt", "items": ["activate", "suspend", "retire"]},
        "load",
    )
    rotate_gateway_token = offered(changes.ROTATE_GATEWAY, icon="key", variant=ActionVariant.PRIMARY)
    activate = offered(step("retailer", Life.ACTIVE), icon="check")
    suspend = offered(step("retailer", Life.SUSPENDED), icon="block")
    retire = offered(step("retailer", Life.RETIRED), icon="archive")
    load = offered(changes.LOAD_RETAILER, icon="sync")

    def fill_rows(self, request: HttpRequest, rows: list[Any]) -> None:
        """With the number of stores."""
        counts = counts_of(Store, "retailer_id", [row.pk for row in rows])
        for row in rows:
            row.store_count = counts[row.pk]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Retailer], search_term: str
    ) -> tuple[QuerySet[Retailer], bool]:
        """By tax id or name."""
        term = asked(search_term)
        return (first_found(request, queryset, retailers_of(term)) if term else queryset), False

    @admin.display(description="stores")
    def stores_link(self, retailer: Any) -> str:
        """The retailer's stores."""
        if retailer.pk is None:
            return ""
        if not hasattr(retailer, "store_count"):
            retailer.store_count = counts_of(Store, "retailer_id", [retailer.pk])[retailer.pk]
        url = reverse("admin:transactions_store_changelist")
        return link(f"{url}?{urlencode({'retailer': retailer.tax_id})}", retailer.store_count)

    def save_model(self, request: HttpRequest, obj: Retailer, form: Any, change: bool) -> None:
        """A new retailer is made by the domain."""
        if change:
            self.save_changed(request, obj, form)
        else:
            become(obj, operations.create_retailer(name=obj.name, tax_id=obj.tax_id, by=staff(request)))

    def has_delete_permission(self, request: HttpRequest, obj: Retailer | None = None) -> bool:
        """Not with stores: there may be thousands, and each is deleted by itself, if at all."""
        if obj is not None and obj.stores.exists():
            return False
        return bool(super().has_delete_permission(request, obj))


@admin.register(Store)
class StoreAdmin(RegistryAdmin):
    """Premises; shard and retailer stay as they were given, because terminals and ledger rely on them."""

    form = StoreForm
    navigation_icon = "storefront"
    list_display = ("name", "reference", "retailer", "place", "status_label", "terminals_link", "shard", "created_at")
    list_filter = ("status", "kind", RetailerFilter)
    list_select_related = ("retailer",)
    ordering = ("name", "pk")
    sortable_by = ("name", "created_at")
    search_fields = ("name", "reference", "address", "place", "retailer__name", "retailer__tax_id")
    search_help_text = "Words of name, place, address or retailer; reference; tax id"
    autocomplete_fields = ("retailer",)
    inlines = (TerminalInline,)
    actions_detail = (
        "enrol_terminals",
        "issue_codes",
        {"title": STATUS, "icon": "sync_alt", "items": ["activate", "suspend", "retire"]},
        "load",
    )
    enrol_terminals = offered(codes.ENROL, icon="add", variant=ActionVariant.PRIMARY)
    issue_codes = offered(codes.ISSUE_FOR_STORE, icon="qr_code")
    activate = offered(step("store", Life.ACTIVE), icon="check")
    suspend = offered(step("store", Life.SUSPENDED), icon="block")
    retire = offered(step("store", Life.RETIRED), icon="archive")
    load = offered(changes.LOAD_STORE, icon="sync")

    def fill_rows(self, request: HttpRequest, rows: list[Any]) -> None:
        """With the number of terminals."""
        counts = counts_of(Terminal, "store_id", [row.pk for row in rows])
        for row in rows:
            row.terminal_count = counts[row.pk]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Store], search_term: str
    ) -> tuple[QuerySet[Store], bool]:
        """By what an inspector may have in hand."""
        term = asked(search_term)
        return (first_found(request, queryset, stores_of(term)) if term else queryset), False

    @admin.display(description="terminals")
    def terminals_link(self, store: Any) -> str:
        """The store's terminals."""
        if not hasattr(store, "terminal_count"):
            store.terminal_count = counts_of(Terminal, "store_id", [store.pk])[store.pk]
        url = reverse("admin:transactions_terminal_changelist")
        return link(f"{url}?store={store.pk}", store.terminal_count)

    def get_fields(self, request: HttpRequest, obj: Store | None = None) -> list[str]:
        """What is given by the domain is shown once it is there."""
        given = ["retailer", "reference", "name", "address", "place", "kind"]
        return given if obj is None else [*given, "terminals_link", "status_label", "shard", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> tuple[str, ...]:
        """The retailer is chosen once."""
        return () if obj is None else ("retailer", "terminals_link", "status_label", "shard", "created_at")

    def get_inlines(self, request: HttpRequest, obj: Store | None) -> Any:
        """A store that is being made has no terminals."""
        return () if obj is None else self.inlines

    def save_model(self, request: HttpRequest, obj: Store, form: Any, change: bool) -> None:
        """A new store is made by the domain, which gives it its shard."""
        if change:
            self.save_changed(request, obj, form)
            return
        premises = Premises(address=obj.address, place=obj.place, kind=obj.kind, reference=obj.reference)
        store = operations.create_store(retailer=obj.retailer, name=obj.name, premises=premises, by=staff(request))
        become(obj, store)

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """Not with terminals."""
        if obj is not None and obj.terminals.exists():
            return False
        return bool(super().has_delete_permission(request, obj))


@admin.register(Terminal)
class TerminalAdmin(RegistryAdmin):
    """Tills: enrolled on their store's page, changed by the actions only, never deleted."""

    navigation_icon = "point_of_sale"
    list_display = ("number", "label", "store", "retailer", "status_label", "expires_on", "enrolled_at")
    list_filter = ("status", StoresRetailerFilter, StoreFilter)
    list_select_related = ("store__retailer",)
    sortable_by = ("number",)
    search_fields = ("label", "store__name", "store__retailer__name", "store__retailer__tax_id")
    search_help_text = "Number; beginning of the label; tax id; words of store or retailer"
    fields = readonly_fields = (
        "number",
        "label",
        "store",
        "retailer",
        "status_label",
        "sales",
        "signing",
        "key_version",
        "expires_on",
        "overlap_until",
        "enrolled_at",
    )
    inlines = (KeyInline, CodeInline)
    actions = ("suspend_chosen", "issue_for_chosen")
    actions_detail = (
        "issue_code",
        "rotate_token",
        {"title": STATUS, "icon": "sync_alt", "items": ["test", "activate", "suspend", "lose", "retire"]},
        "load",
    )
    issue_code = offered(codes.ISSUE, icon="qr_code", variant=ActionVariant.PRIMARY)
    rotate_token = offered(changes.ROTATE_TERMINAL, icon="key")
    test = offered(step("terminal", Life.TESTING), icon="science")
    activate = offered(step("terminal", Life.ACTIVE), icon="check")
    suspend = offered(step("terminal", Life.SUSPENDED), icon="block")
    lose = offered(step("terminal", Life.LOST), icon="location_off")
    retire = offered(step("terminal", Life.RETIRED), icon="archive")
    load = offered(changes.LOAD_TERMINAL, icon="sync")

    @admin.display(description="retailer")
    def retailer(self, terminal: Terminal) -> str:
        """Whose store it is."""
        return terminal.store.retailer.name

    @display(description="holds for its sales", label=STATUS_LABELS)  # type: ignore[untyped-decorator]
    def sales(self, terminal: Terminal) -> str:
        """The strictest of its own life, its store's and its retailer's."""
        store = terminal.store
        return effective(terminal.status, store.status, store.retailer.status).value

    @admin.display(description="signs with")
    def signing(self, terminal: Terminal) -> str:
        """The key in use."""
        key = TerminalKey.objects.filter(terminal=terminal, number=terminal.signing_key).first()
        return f"key {key.number}, {fingerprint(bytes(key.public_key))}" if key else "no key"

    @admin.action(description=bulk.SUSPEND, permissions=["change_terminal"])
    def suspend_chosen(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse | None:
        """With one reason."""
        return bulk.suspend_chosen(self, request, chosen)

    @admin.action(description=bulk.ISSUE, permissions=["change_terminal"])
    def issue_for_chosen(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse | None:
        """On one page."""
        return bulk.issue_for_chosen(self, request, chosen)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Terminal], search_term: str
    ) -> tuple[QuerySet[Terminal], bool]:
        """A number is looked up by the primary key, and what is no number of a terminal in tax ids and names."""
        term = asked(search_term)
        if not term:
            return queryset, False
        if (number := number_in(term, TERMINAL_MAX)) is not None:
            return queryset.filter(pk=number), False
        return first_found(request, queryset, terminals_of(term)), False

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Those of a retailer store by store, as its indexes lead to them."""
        return ("store_id", "number") if request.GET.get(StoresRetailerFilter.parameter_name) else ("number",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Terminals are enrolled, which gives them their numbers."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Terminal | None = None) -> bool:
        """By the actions, each with its own right."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Terminal | None = None) -> bool:
        """Never: the ledger names them."""
        return False
