"""Changes of the registry from the admin: a page that asks, one domain call, what came of it shown once.

A change and its line in the admin's log are one DB transaction. What the capture store must know is sent
when it has committed, so an unreachable store leaves a changed registry behind, and the page says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from redis.exceptions import RedisError
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from transactions.admin_forms import ConfirmForm
from transactions.models import Retailer, Store, Terminal
from transactions.operations import EnrolmentError, StepRefused

Registered = Retailer | Store | Terminal
# What a step keeps of who made it.
BY_LENGTH_MAX = 80


def link(url: str, text: object) -> str:
    """A link that looks like one inside a table."""
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, text)


def staff(request: HttpRequest) -> str:
    """Who makes a change, as its step names them."""
    return f"staff {request.user.get_username()}"[:BY_LENGTH_MAX]


class Sheet(NamedTuple):
    """An enrolment code as it is handed over: for whom, the code, and its QR code as SVG."""

    holder: str
    code: str
    qr: str


class Issued(NamedTuple):
    """What a change brought: its line for the admin's log, new tokens as (for whom, token), and new codes."""

    log: str
    tokens: Sequence[tuple[str, str]] = ()
    codes: Sequence[Sheet] = ()


def always(target: Any) -> bool:
    """A change that can be made at any time."""
    return True


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of the registry as the admin offers it; `name` is what leads to its page."""

    name: str
    title: str
    explanation: str
    button: str
    permission: str
    # What holds while the store does not know of the change.
    without_store: str
    state: Callable[[Any], int]
    # The domain call: object, answers of the form, who makes the change.
    carry_out: Callable[[Any, dict[str, Any], str], Issued]
    # Whether there is anything to change, as the object is now.
    is_due: Callable[[Any], bool] = always
    form: type[ConfirmForm] = ConfirmForm
    is_dangerous: bool = False


class StaleError(Exception):
    """The object is no longer as it was when the page was shown."""


def offered(change: Change, *, icon: str, variant: ActionVariant = ActionVariant.DEFAULT) -> Any:
    """The change as an action on the object's page, shown to those who may do it while it is due."""

    def ask(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        return run(model_admin, request, object_id, change)

    made = action(
        ask, description=change.name, permissions=[change.permission.partition(".")[2]], icon=icon, variant=variant
    )
    made.change = change
    return made


def run(model_admin: ModelAdmin, request: HttpRequest, object_id: str, change: Change) -> HttpResponse:
    """GET asks, POST carries out. Raises PermissionDenied."""
    if not request.user.has_perm(change.permission):
        raise PermissionDenied
    target = model_admin.get_object(request, object_id)
    if target is None:
        messages.error(request, "There is no such object; perhaps it was deleted.")
        return HttpResponseRedirect(reverse("admin:index"))
    form = change.form(request.POST if request.method == "POST" else None, initial={"seen": change.state(target)})
    if request.method != "POST" or not form.is_valid():
        return _page(model_admin, request, target, change, {"form": form})
    try:
        issued, is_loaded = _carry_out(model_admin, request, target, change, form.cleaned_data)
    except (EnrolmentError, StepRefused) as fault:
        form.add_error(None, sentence(fault))
        return _page(model_admin, request, target, change, {"form": form})
    except StaleError:
        messages.error(request, f"Nothing was done: {target} has been changed since the page was shown.")
        return _back(model_admin, target)
    except (RedisError, OSError) as fault:
        messages.error(request, f"Nothing was done: the capture store cannot be reached ({fault}). Try again.")
        return _back(model_admin, target)
    if not is_loaded:
        messages.warning(request, f"{STORE_AWAY} {change.without_store} {SENT_AGAIN}")
    if issued.tokens or issued.codes:
        return _page(model_admin, request, target, change, {"issued": issued})
    if is_loaded:
        messages.success(request, issued.log)
    return _back(model_admin, target)


STORE_AWAY = "The registry is changed, but the capture store cannot be reached."
SENT_AGAIN = "It is sent again by itself, every few seconds, until the store has it."


def sentence(fault: Exception) -> str:
    """What is wrong, as a sentence."""
    text = str(fault)
    return f"{text[:1].upper()}{text[1:]}."


def _carry_out(
    model_admin: ModelAdmin, request: HttpRequest, target: Registered, change: Change, answers: dict[str, Any]
) -> tuple[Issued, bool]:
    """The change, and whether the store has it. Raises StaleError, EnrolmentError, StepRefused, RedisError."""
    issued = None
    try:
        with transaction.atomic():
            locked = type(target)._default_manager.select_for_update().get(pk=target.pk)
            if change.state(locked) != answers["seen"]:
                raise StaleError
            issued = change.carry_out(locked, answers, staff(request))
            model_admin.log_change(request, locked, issued.log)
    except (RedisError, OSError):
        # Only what runs behind the commit can have failed once the domain call has answered.
        if issued is None:
            raise
        return issued, False
    return issued, True


def _page(
    model_admin: ModelAdmin, request: HttpRequest, target: Registered, change: Change, extra: dict[str, Any]
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": change.title,
        "opts": model_admin.opts,
        "original": target,
        "change": change,
        "button_variant": "danger" if change.is_dangerous else "primary",
        "back_url": _address(model_admin, target),
        **extra,
    }
    return TemplateResponse(request, "admin/transactions/change_registry.html", context)


def _address(model_admin: ModelAdmin, target: Registered) -> str:
    return reverse(f"admin:transactions_{model_admin.opts.model_name}_change", args=[target.pk])


def _back(model_admin: ModelAdmin, target: Registered) -> HttpResponseRedirect:
    return HttpResponseRedirect(_address(model_admin, target))
