"""One-time enrolment codes: a page that shows them once, to be printed, and the same for a retailer's programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fleet.form_parts import TILLS_AT_ONCE, NumbersField, tills_of
from fleet.service import SERVICE
from fleet.telling import member, till_name
from portal import frame
from portal.access import portal_page
from portal.keys.authentication import ApiKeyAuthentication
from portal.keys.scope import scope_of_key
from portal.rights import Right
from portal.scope import Scope
from portal.sheets import linking, schema
from portal.sheets.forms import FormFault
from possys.problems import problem
from transactions.enrolment.codes import link, qr_svg
from transactions.enrolment.operations import CODE_DAYS, issue_codes
from transactions.models import Life, Terminal
from transactions.operations import EnrolmentError

NUMBERS_MAX = 12


@dataclass(frozen=True)
class Issued:
    """One code, as the sheet shows it; `address` is the text of its QR code."""

    terminal: Terminal
    code: str
    address: str

    @property
    def name(self) -> str:
        """What the till is called."""
        return till_name(self.terminal.label, self.terminal.number)

    @property
    def svg(self) -> str:
        """Its QR code."""
        return qr_svg(self.address)


class CodesForm(forms.Form):
    """For which tills, and what they become by their code."""

    tills = NumbersField(
        label="Tills",
        help_text=f"Their numbers, separated by commas; at most {TILLS_AT_ONCE}. Codes of before are void.",
        widget=forms.Textarea({"rows": 3}),
    )
    activates = forms.ChoiceField(
        label="By its code a till may",
        choices=[("yes", "sell at once"), ("no", "only send training sales")],
        initial="yes",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Right.KEEP_TILLS)
def codes(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Asks for which tills; then shows the codes, this once: nothing keeps them for a page that comes after."""
    if request.method != "POST":
        return _form_page(request, scope, CodesForm(initial=_initial(request, scope)))
    form = CodesForm(request.POST)
    if not form.is_valid():
        return _form_page(request, scope, form, status=400)
    try:
        issued = issue(scope, form.cleaned_data["tills"], activates=form.cleaned_data["activates"] == "yes")
    except FormFault as fault:
        form.add_error("tills", " ".join(fault.faults.values()))
        return _form_page(request, scope, form, status=400)
    context = {"issued": issued, "expires_at": expiry(timezone.localtime()), "site": settings.SITE_URL}
    return frame.render(request, scope, "fleet/codes.html", context | _framed(scope, "Enrolment codes"))


def issue(scope: Scope, numbers: Sequence[int], *, activates: bool) -> list[Issued]:
    """New codes for tills of the scope, all of them or none. Raises FormFault."""
    terminals = tills_of(scope, list(numbers))
    by = member(scope.membership_id, scope.retailer_id)
    try:
        made = issue_codes(terminals, activates=activates, by=by)
    except EnrolmentError as fault:
        raise FormFault({"tills": f"No code was made: {fault}."}) from fault
    ordered = sorted(terminals, key=lambda one: (one.store.name, one.label, one.number))
    return [Issued(one, made[one.number], link(settings.SITE_URL, made[one.number])) for one in ordered]


def expiry(now: datetime) -> datetime:
    """Until when a code that is made now can be used."""
    return now + timedelta(days=CODE_DAYS)


class CodesView(APIView):
    """Codes for a retailer's program."""

    authentication_classes = (ApiKeyAuthentication,)

    @extend_schema(
        operation_id="tills_codes",
        summary="Tills: Enrolment codes",
        description="One-time codes that tills exchange for their credentials; they can be read only here. Codes of "
        "before are void.",
        tags=[SERVICE.name],
        request=inline_serializer(
            "TillsCodesForm",
            {
                "tills": serializers.ListField(
                    child=serializers.IntegerField(min_value=1, max_value=2**31 - 1),
                    min_length=1,
                    max_length=TILLS_AT_ONCE,
                    help_text="Numbers of tills.",
                ),
                "activates": serializers.BooleanField(
                    default=True, help_text="Whether they may sell at once, or only send training sales."
                ),
            },
        ),
        responses={
            201: inline_serializer(
                "TillsCodes",
                {
                    "expires_at": serializers.DateTimeField(),
                    "codes": inline_serializer(
                        "TillsCode",
                        {
                            "terminal": serializers.IntegerField(),
                            "label": serializers.CharField(),
                            "store": serializers.IntegerField(),
                            "code": serializers.CharField(),
                            "link": serializers.CharField(help_text="The text of its QR code."),
                        },
                        many=True,
                    ),
                },
            ),
            **schema.REFUSALS,
            400: OpenApiResponse(schema.PROBLEM, "No JSON object."),
            422: schema.FAULTY,
        },
    )
    def post(self, request: Request, retailer: int) -> HttpResponse:
        """The same as on the page of the portal."""
        scope = scope_of_key(request.auth, retailer)  # type: ignore[arg-type]
        if scope is None:
            raise Http404
        if not scope.may(Right.KEEP_TILLS):
            return problem(403, "not-allowed", "Not allowed", "The key's member has not the right keep_tills.")
        body = request.data
        if not isinstance(body, dict):
            return problem(400, "bad-request", "Bad request", "The body must be a JSON object.")
        faults = _faults(body)
        if not faults:
            try:
                return Response(_answer(issue(scope, body["tills"], activates=body.get("activates", True))), status=201)
            except FormFault as fault:
                faults = [{"pointer": f"/{name}", "detail": text} for name, text in fault.faults.items()]
        return problem(422, "invalid", "Invalid", "No code was made.", errors=faults)


def _faults(body: dict[str, Any]) -> list[dict[str, str]]:
    """Everything that is wrong with what a program sent."""
    found = [
        {"pointer": f"/{str(name)[:NUMBERS_MAX]}", "detail": "There is no such field. There are: tills, activates."}
        for name in body
        if name not in {"tills", "activates"}
    ]
    tills = body.get("tills")
    is_list = isinstance(tills, list) and 0 < len(tills) <= TILLS_AT_ONCE
    if not is_list or not all(type(one) is int and 0 < one < 2**31 for one in tills or ()):
        found.append({"pointer": "/tills", "detail": f"Must be a list of 1 to {TILLS_AT_ONCE} numbers of tills."})
    elif len(set(tills or ())) < len(tills or ()):
        found.append({"pointer": "/tills", "detail": "A till stands here twice."})
    if not isinstance(body.get("activates", True), bool):
        found.append({"pointer": "/activates", "detail": "Must be true or false."})
    return found


def _answer(issued: Sequence[Issued]) -> dict[str, Any]:
    return {
        "expires_at": expiry(timezone.localtime()).isoformat(timespec="seconds"),
        "codes": [
            {
                "terminal": one.terminal.number,
                "label": one.terminal.label,
                "store": one.terminal.store_id,
                "code": one.code,
                "link": one.address,
            }
            for one in issued
        ],
    }


def _initial(request: HttpRequest, scope: Scope) -> dict[str, str]:
    """The tills that the address names; else those that wait for their code, as many as go on a sheet."""
    if named := request.GET.get("tills", "")[: TILLS_AT_ONCE * NUMBERS_MAX]:
        return {"tills": named.replace("\0", "")}
    waiting = Terminal.objects.filter(store__in=scope.store_ids, status=Life.ENROLLED, enrolment_codes=None)
    numbers = waiting.order_by("number").values_list("number", flat=True)[:TILLS_AT_ONCE]
    return {"tills": ", ".join(map(str, numbers))}


def _form_page(request: HttpRequest, scope: Scope, form: CodesForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "back_url": reverse("tills-tills", args=[scope.retailer_id])}
    framed = _framed(scope, "Enrolment codes")
    return frame.render(request, scope, "fleet/codes_new.html", context | framed, status=status)


def _framed(scope: Scope, title: str) -> dict[str, Any]:
    tabs = linking.tabs(scope, SERVICE, "tills")
    return {"title": title, "service": SERVICE, "tabs": tabs, "tabs_of": SERVICE.title}
