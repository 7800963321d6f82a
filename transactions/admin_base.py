"""What the registry's pages in the admin share: lives as labels, steps below the form, nothing deleted in bulk."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from possys.keyset_admin import KeysetAdmin
from transactions.admin_actions import Registered, staff
from transactions.models import Life, RegistryStep, Retailer, Store, Terminal
from transactions.steps import record_steps, step_of

# A larger number is not counted: how many it is stands nowhere.
COUNTED_MAX = 1_000
# On an object's own page; the list of steps has the rest.
STEPS_SHOWN = 20
# What a step keeps of a change; the admin's log names the fields besides.
STEP_TEXT_MAX = 120
STATUS_LABELS: Mapping[str, str] = {
    Life.ENROLLED: "info",
    Life.TESTING: "info",
    Life.ACTIVE: "success",
    Life.SUSPENDED: "danger",
    Life.LOST: "danger",
    Life.RETIRED: "warning",
}


def counts_of(model: type[Store] | type[Terminal], column: str, keys: Sequence[int]) -> dict[int, str]:
    """How many rows name each key in a column, up to COUNTED_MAX: one query, which reads no more of an index."""
    table, name = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(column)
    # Names of a table and of a column, from the model; the keys are parameters.
    sql = (
        f"SELECT key, (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {name} = key LIMIT %s) AS counted) "  # noqa: S608
        "FROM unnest(%s::int[]) AS key"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [COUNTED_MAX + 1, list(keys)])
        found = dict(cursor.fetchall())
    return {key: f"{COUNTED_MAX:,}+" if rows > COUNTED_MAX else f"{rows:,}" for key, rows in found.items()}


def become(form_object: Retailer | Store, created: Retailer | Store) -> None:
    """The admin goes on with the object of its form, for its log and its message."""
    form_object.__dict__.update(created.__dict__)


def steps_of(thing: Registered) -> QuerySet[RegistryStep]:
    """A thing's own steps, the newest first; not those of what belongs to it."""
    if isinstance(thing, Terminal):
        return RegistryStep.objects.filter(terminal=thing.pk)
    if isinstance(thing, Store):
        return RegistryStep.objects.filter(store=thing.pk, terminal=None)
    return RegistryStep.objects.filter(retailer=thing.pk, store=None)


class RegistryAdmin(KeysetAdmin):
    """Rows go one by one, if at all: nothing of the registry is deleted in bulk."""

    navigation_group = "Registry"
    change_form_after_template = "admin/transactions/steps.html"

    @display(description="status", ordering="status", label=STATUS_LABELS)  # type: ignore[untyped-decorator]
    def status_label(self, thing: Registered) -> str:
        """Where it is in its life."""
        return thing.status

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The list's own, without deletion."""
        actions: dict[str, Any] = super().get_actions(request)
        return {name: found for name, found in actions.items() if name != "delete_selected"}

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only those that would change anything."""
        target = self.get_object(request, str(object_id))
        offered = super().get_actions_detail(request, object_id)
        return [item for item in offered if target is not None and item.method.change.is_due(target)]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With its steps."""
        target = self.get_object(request, object_id)
        if target is not None:
            address = reverse("admin:transactions_registrystep_changelist")
            # As steps_of reads them, and along the same indexes.
            own = {"retailer": "&store__isnull=True", "store": "&terminal__isnull=True"}
            name = str(self.opts.model_name)
            extra_context = {
                **(extra_context or {}),
                "steps": list(steps_of(target)[:STEPS_SHOWN]),
                "all_steps_url": f"{address}?{name}__exact={target.pk}{own.get(name, '')}",
            }
        shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return shown

    def save_changed(self, request: HttpRequest, thing: Registered, form: Any) -> None:
        """Saves what the form changed, and keeps it as a step."""
        if not form.changed_data:
            return
        with transaction.atomic():
            thing.save(update_fields=form.changed_data)
            record_steps(
                [
                    step_of(
                        thing,
                        RegistryStep.Kind.CHANGED,
                        before=_said({name: form.initial.get(name) for name in form.changed_data}),
                        after=_said({name: form.cleaned_data[name] for name in form.changed_data}),
                        by=staff(request),
                    )
                ]
            )

    # Who may carry out which change is asked by unfold, by these names.
    def has_add_terminal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may add terminals may enrol them."""
        return request.user.has_perm("transactions.add_terminal")

    def has_change_terminal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change terminals may move them on in their lives, give them codes and tokens, and load them."""
        return request.user.has_perm("transactions.change_terminal")

    def has_change_store_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change stores may suspend and retire them."""
        return request.user.has_perm("transactions.change_store")

    def has_change_retailer_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change retailers may suspend and retire them, and rotate their gateways' token."""
        return request.user.has_perm("transactions.change_retailer")


def _said(values: Mapping[str, Any]) -> str:
    text = "; ".join(f"{name} {value}" for name, value in values.items())
    return text if len(text) <= STEP_TEXT_MAX else text[: STEP_TEXT_MAX - 1] + "…"
