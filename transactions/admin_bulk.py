"""What staff does to many chosen terminals at once: one page that asks for the reason, one answer for each terminal."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from redis.exceptions import RedisError
from unfold.admin import ModelAdmin

from transactions import operations
from transactions.admin_actions import SENT_AGAIN, STORE_AWAY, Issued, sentence, staff
from transactions.admin_codes import sheets
from transactions.admin_forms import CodeForm, ReasonField
from transactions.admin_lives import said
from transactions.enrolment import issue_codes
from transactions.models import Life, Terminal

# Chosen at once; a whole store or retailer is suspended by one step of its own.
BULK_MAX = 500
# Terminals named in a message.
NAMED_MAX = 10


class BulkReasonForm(forms.Form):
    """The reason that is kept with each."""

    reason = ReasonField()


class BulkCodeForm(CodeForm):
    """What all the codes lead to."""

    seen = None  # type: ignore[assignment]


def suspend_chosen(model_admin: ModelAdmin, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse | None:
    """Suspends each that can be suspended, and names the others."""
    return _ask(model_admin, request, chosen, SUSPEND, BulkReasonForm, _suspend)


def issue_for_chosen(model_admin: ModelAdmin, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse | None:
    """A code for each, or for none."""
    return _ask(model_admin, request, chosen, ISSUE, BulkCodeForm, _issue)


SUSPEND, ISSUE = "Suspend the chosen terminals", "Issue enrolment codes for the chosen terminals"
Done = Callable[[ModelAdmin, HttpRequest, Sequence[Terminal], dict[str, Any]], Issued | None]


def _ask(
    model_admin: ModelAdmin,
    request: HttpRequest,
    chosen: QuerySet[Terminal],
    title: str,
    form_class: type[forms.Form],
    carry_out: Done,
) -> HttpResponse | None:
    """Asks, and carries out what was answered; None leads back to the list."""
    terminals = list(chosen.select_related("store__retailer").order_by("pk")[: BULK_MAX + 1])
    if len(terminals) > BULK_MAX:
        messages.error(request, f"Nothing was done: at most {BULK_MAX} can be chosen at once.")
        return None
    form = form_class(request.POST if "confirmed" in request.POST else None)
    issued = None
    if form.is_valid():
        try:
            issued = carry_out(model_admin, request, terminals, form.cleaned_data)
        except operations.EnrolmentError as fault:
            form.add_error(None, sentence(fault))
        else:
            if issued is None:
                return None
    return TemplateResponse(
        request,
        "admin/transactions/bulk.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": title,
            "opts": model_admin.opts,
            "terminals": terminals,
            "form": form,
            "issued": issued,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
            "back_url": reverse("admin:transactions_terminal_changelist"),
        },
    )


def _suspend(
    model_admin: ModelAdmin, request: HttpRequest, terminals: Sequence[Terminal], answers: dict[str, Any]
) -> None:
    done: list[Terminal] = []
    left: list[Terminal] = []
    is_store_away = False
    for terminal in terminals:
        try:
            operations.change_status(terminal, Life.SUSPENDED, reason=answers["reason"], by=staff(request))
        except operations.StepRefused:
            left.append(terminal)
            continue
        except (RedisError, OSError):
            is_store_away = True
        done.append(terminal)
        model_admin.log_change(request, terminal, said(terminal, Life.SUSPENDED, answers["reason"]))
    if done:
        messages.success(request, f"Suspended {_named(done)}.")
    if left:
        messages.warning(request, f"Left as they were, because they cannot be suspended: {_named(left)}.")
    if is_store_away:
        messages.warning(request, f"{STORE_AWAY} Until it knows, sales go on being taken. {SENT_AGAIN}")


def _issue(
    model_admin: ModelAdmin, request: HttpRequest, terminals: Sequence[Terminal], answers: dict[str, Any]
) -> Issued:
    codes = issue_codes(terminals, activates=answers["leads_to"] == Life.ACTIVE, by=staff(request))
    for terminal in terminals:
        model_admin.log_change(request, terminal, "Issued an enrolment code.")
    return Issued(f"Issued {len(codes)} enrolment codes.", codes=sheets(codes, list(terminals)))


def _named(terminals: Collection[Terminal]) -> str:
    numbers = [str(terminal.number) for terminal in terminals]
    more = f" and {len(numbers) - NAMED_MAX} more" if len(numbers) > NAMED_MAX else ""
    return ", ".join(numbers[:NAMED_MAX]) + more
