"""The registry in the admin: retailers, stores, terminals; changed through `transactions.operations` only."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from possys.codes import TERMINAL_MAX
from transactions import admin_changes as changes
from transactions import operations
from transactions.admin_actions import link, offered
from transactions.admin_outages import OutageAdmin  # noqa: F401 - Django looks for admins here
from transactions.models import Life, Retailer, Store, Terminal

PAGE_ROWS = 50
STATUS_LABELS = {
    Life.ENROLLED: "info",
    Life.TESTING: "info",
    Life.ACTIVE: "success",
    Life.SUSPENDED: "danger",
    Life.LOST: "danger",
    Life.RETIRED: "warning",
}


def _count_of(model: type[Store] | type[Terminal], field: str) -> Coalesce:
    """How many rows name the outer one; counted for the rows of one page only."""
    rows = model.objects.filter(**{field: OuterRef("pk")}).order_by().values(field)
    return Coalesce(Subquery(rows.annotate(rows=Count("pk")).values("rows"), output_field=IntegerField()), 0)


class RegistryAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows go one by one, if at all: nothing of the registry is deleted in bulk."""

    navigation_group = "Registry"
    list_per_page = PAGE_ROWS
    show_full_result_count = False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None of the list's own actions, deletion being the only one."""
        return {}

    # Who may carry out which change is asked by unfold, by these names.
    def has_add_terminal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may add terminals may enrol them."""
        return request.user.has_perm("transactions.add_terminal")

    def has_change_terminal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change terminals may suspend them, rotate their tokens and load them."""
        return request.user.has_perm("transactions.change_terminal")

    def has_change_retailer_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change retailers may rotate their gateways' token."""
        return request.user.has_perm("transactions.change_retailer")


@admin.register(Retailer)
class RetailerAdmin(RegistryAdmin):
    """Taxpayers; one with terminals stays for ever, because the ledger names it."""

    navigation_icon = "domain"
    list_display = ("name", "tax_id", "stores_link", "gateway_version", "created_at")
    list_filter = ("created_at",)
    search_fields = ("name", "tax_id")
    search_help_text = "Name or tax id"
    readonly_fields = ("gateway_version", "created_at")
    actions_detail = ("rotate_gateway_token", "load")
    rotate_gateway_token = offered(changes.ROTATE_GATEWAY, icon="key", variant=ActionVariant.PRIMARY)
    load = offered(changes.LOAD_RETAILER, icon="sync")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Retailer]:
        """With the number of stores."""
        queryset: QuerySet[Retailer] = super().get_queryset(request)
        return queryset.annotate(store_count=_count_of(Store, "retailer"))

    @admin.display(description="stores")
    def stores_link(self, retailer: Any) -> str:
        """The retailer's stores."""
        url = reverse("admin:transactions_store_changelist")
        return link(f"{url}?retailer__id__exact={retailer.pk}", retailer.store_count)

    def save_model(self, request: HttpRequest, obj: Retailer, form: Any, change: bool) -> None:
        """A new retailer is made by the domain."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            _become(obj, operations.create_retailer(name=obj.name, tax_id=obj.tax_id))

    def has_delete_permission(self, request: HttpRequest, obj: Retailer | None = None) -> bool:
        """Not with terminals."""
        if obj is not None and Terminal.objects.filter(store__retailer=obj).exists():
            return False
        return bool(super().has_delete_permission(request, obj))


class TerminalInline(TabularInline):  # type: ignore[misc]
    """A store's terminals, to look at; the number leads to the terminal's own page."""

    model = Terminal
    tab = True
    extra = 0
    per_page = PAGE_ROWS
    fields = readonly_fields = ("number_link", "status", "key_version", "enrolled_at")
    can_delete = False
    hide_title = True

    @admin.display(description="number")
    def number_link(self, terminal: Terminal) -> str:
        """A link to the terminal."""
        url = reverse("admin:transactions_terminal_change", args=[terminal.pk])
        return link(url, terminal.number)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Terminals are enrolled."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only to look at."""
        return False


@admin.register(Store)
class StoreAdmin(RegistryAdmin):
    """Premises; shard and retailer stay as they were given, because terminals and ledger rely on them."""

    navigation_icon = "storefront"
    list_display = ("name", "retailer", "address", "terminals_link", "shard", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("retailer",)
    search_fields = ("name", "address", "retailer__name", "retailer__tax_id")
    search_help_text = "Name, address or retailer"
    autocomplete_fields = ("retailer",)
    inlines = (TerminalInline,)
    actions_detail = ("enrol_terminals", "load")
    enrol_terminals = offered(changes.ENROL, icon="add", variant=ActionVariant.PRIMARY)
    load = offered(changes.LOAD_STORE, icon="sync")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Store]:
        """With the number of terminals."""
        queryset: QuerySet[Store] = super().get_queryset(request)
        return queryset.annotate(terminal_count=_count_of(Terminal, "store"))

    @admin.display(description="terminals")
    def terminals_link(self, store: Any) -> str:
        """The store's terminals."""
        url = reverse("admin:transactions_terminal_changelist")
        return link(f"{url}?store__id__exact={store.pk}", store.terminal_count)

    def get_fields(self, request: HttpRequest, obj: Store | None = None) -> list[str]:
        """What is given by the domain is shown once it is there."""
        given = ["retailer", "name", "address"]
        return given if obj is None else [*given, "shard", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> tuple[str, ...]:
        """The retailer is chosen once."""
        return () if obj is None else ("retailer", "shard", "created_at")

    def get_inlines(self, request: HttpRequest, obj: Store | None) -> Any:
        """A store that is being made has no terminals."""
        return () if obj is None else self.inlines

    def save_model(self, request: HttpRequest, obj: Store, form: Any, change: bool) -> None:
        """A new store is made by the domain, which gives it its shard."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            _become(obj, operations.create_store(retailer=obj.retailer, name=obj.name, address=obj.address))

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """Not with terminals."""
        if obj is not None and obj.terminals.exists():
            return False
        return bool(super().has_delete_permission(request, obj))


@admin.register(Terminal)
class TerminalAdmin(RegistryAdmin):
    """Tills: enrolled on their store's page, changed by the actions only, never deleted."""

    navigation_icon = "point_of_sale"
    list_display = ("number", "store", "retailer", "status_label", "key_version", "enrolled_at")
    list_filter = ("status", "enrolled_at")
    list_select_related = ("store__retailer",)
    search_fields = ("store__name", "store__retailer__name", "store__retailer__tax_id")
    search_help_text = "Number, store, retailer or tax id"
    # Millions of rows: counting them for every page would take longer than the page.
    paginator = InfinitePaginator
    fields = readonly_fields = ("number", "store", "retailer", "status", "key_version", "enrolled_at")
    actions_detail = ("rotate_token", "suspend", "activate", "load")
    rotate_token = offered(changes.ROTATE_TERMINAL, icon="key", variant=ActionVariant.PRIMARY)
    suspend = offered(changes.SUSPEND, icon="block", variant=ActionVariant.DANGER)
    activate = offered(changes.ACTIVATE, icon="check", variant=ActionVariant.SUCCESS)
    load = offered(changes.LOAD_TERMINAL, icon="sync")

    @admin.display(description="retailer")
    def retailer(self, terminal: Terminal) -> str:
        """Whose store it is."""
        return terminal.store.retailer.name

    @display(description="status", ordering="status", label=STATUS_LABELS)  # type: ignore[untyped-decorator]
    def status_label(self, terminal: Terminal) -> str:
        """Active or suspended."""
        return terminal.status

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Terminal], search_term: str
    ) -> tuple[QuerySet[Terminal], bool]:
        """A number is looked up by the primary key, anything else in the names."""
        term = search_term.strip()
        if term.isascii() and term.isdigit():
            number = int(term)
            return (queryset.filter(pk=number) if number <= TERMINAL_MAX else queryset.none()), False
        found: tuple[QuerySet[Terminal], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only the one of suspend and activate that would change anything."""
        is_suspended = Terminal.objects.filter(pk=object_id, status=Life.SUSPENDED).exists()
        useless = "suspend" if is_suspended else "activate"
        return [item for item in super().get_actions_detail(request, object_id) if item.path != useless]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Terminals are enrolled, which gives them their numbers."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Terminal | None = None) -> bool:
        """By the actions, each with its own right."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Terminal | None = None) -> bool:
        """Never: the ledger names them."""
        return False


def _become(form_object: Retailer | Store, created: Retailer | Store) -> None:
    """The admin goes on with the object of its form, for its log and its message."""
    form_object.__dict__.update(created.__dict__)
