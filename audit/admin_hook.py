"""The one hook into the admin: what its own log is told goes into the audit log, too, in the same DB transaction.

Django's log of the admin (`django_admin_log`) stays what it is good for, the last things on the home page and an
object's short history. It can be changed by whoever owns the tables and proves nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from audit.masking import HIDDEN, is_secret
from audit.middleware import TOLD
from audit.models import Kind
from audit.pages import sent_reason
from audit.recording import Fields, Thing, record, who_asks

# What the form of the request changed, until the admin's log is told of its object.
FORM_FIELDS = "_audit_fields"
VALUES_MAX = 20
INSTALLED = "_audit_installed"


def install() -> None:
    """Has every ModelAdmin tell this log what it tells Django's; again changes nothing."""
    if hasattr(ModelAdmin, INSTALLED):
        return
    setattr(ModelAdmin, INSTALLED, True)
    _before("construct_change_message", keep_fields)
    _before("log_addition", lambda _, request, thing, message: _tell(Kind.ADDED, request, thing, message))
    _before("log_change", lambda _, request, thing, message: _tell(Kind.CHANGED, request, thing, message))
    _before("log_deletions", lambda _, request, things: _tell_deletions(request, things))


def _before(name: str, also: Callable[..., None]) -> None:
    own = getattr(ModelAdmin, name)

    @wraps(own)
    def told(self: Any, *args: Any, **kwargs: Any) -> Any:
        also(self, *args, **kwargs)
        return own(self, *args, **kwargs)

    setattr(ModelAdmin, name, told)


def keep_fields(model_admin: Any, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> None:
    """Keeps what a valid form and its rows changed, before and after."""
    fields = dict(_changed(form))
    for formset in formsets or ():
        for one in formset.forms:
            if one.has_changed() or one in formset.deleted_forms:
                row = f"{one.instance._meta.verbose_name} {one.instance.pk or 'new'}"
                fields.update({f"{row}: {name}": values for name, values in _changed(one)})
    setattr(request, FORM_FIELDS, fields)


def value_text(value: Any) -> str:
    """A field's value in words."""
    if value is None:
        return ""
    if isinstance(value, Model):
        return f"{value.pk} ({value})"
    if isinstance(value, QuerySet | list | tuple | set):
        shown = [value_text(one) for one in list(value)[:VALUES_MAX]]
        return ", ".join(shown)
    if isinstance(value, bytes | memoryview):
        return f"{len(value)} bytes"
    return str(value)


def _changed(form: Any) -> list[tuple[str, dict[str, str]]]:
    cleaned = getattr(form, "cleaned_data", {})
    return [
        (
            name,
            {"before": HIDDEN, "after": HIDDEN}
            if is_secret(name)
            else {"before": value_text(form.initial.get(name)), "after": value_text(cleaned.get(name))},
        )
        for name in form.changed_data
    ]


def _tell(kind: Kind, request: HttpRequest, thing: Model, message: Any) -> None:
    fields: Fields = request.__dict__.pop(FORM_FIELDS, {})
    _record(kind, request, thing, fields, message)


def _tell_deletions(request: HttpRequest, things: Any) -> None:
    for thing in things:
        gone = {
            field.name: {"before": HIDDEN if is_secret(field.name) else value_text(field.value_from_object(thing))}
            for field in thing._meta.concrete_fields
        }
        _record(Kind.DELETED, request, thing, gone, "")


def _record(kind: Kind, request: HttpRequest, thing: Model, fields: Fields, message: Any) -> None:
    record(
        kind,
        who_asks(request),
        Thing(thing._meta.label_lower, str(thing.pk), str(thing)),
        fields=fields,
        # A list of changed fields is Django's own, and says less than `fields`.
        said=message if isinstance(message, str) else "",
        reason=sent_reason(request),
    )
    setattr(request, TOLD, True)
