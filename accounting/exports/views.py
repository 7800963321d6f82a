"""The page of audit files, and the files themselves for whoever is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounting.books.queries import currencies
from accounting.exports.answers import Refusal, made
from accounting.exports.asking import DsfinvkAsking, FileAsking, SafTAsking, last_month
from accounting.exports.files import AuditFile
from accounting.exports.making import dsfinvk, saf_t
from portal import frame
from portal.access import portal_page
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Action, Contents, Page
from possys.accounts.limits import limits_said

TITLE = "Audit files"
# A file of receipts shows what every customer bought.
SAF_T_RIGHTS = (Right.KEEP_BOOKS, Right.EXPORT)
DSFINVK_RIGHTS = (Right.SEE_BOOKS, Right.EXPORT, Right.EXPORT_RECEIPTS)


class FileForm(NamedTuple):
    """A form that leads to a file."""

    asking: FileAsking
    url: str


@dataclass(frozen=True)
class AuditContents(Contents):
    """The forms that this person may use; None where there is nothing to choose."""

    saf_t: FileForm | None = None
    dsfinvk: FileForm | None = None
    may_saf_t: bool = False


def read_forms(scope: Scope, asked: dict[str, Any], now: datetime) -> AuditContents:
    """Both forms, filled in with the month before."""
    query = QueryDict(last_month(now.date()))
    may_saf_t = may(scope, SAF_T_RIGHTS)
    saf_t_form = dsfinvk_form = None
    if may_saf_t and currencies(scope.retailer_id):
        saf_t_form = _form(SafTAsking, "books-saf-t", query, scope, now)
    if scope.stores and may(scope, DSFINVK_RIGHTS):
        dsfinvk_form = _form(DsfinvkAsking, "books-dsfinvk", query, scope, now)
    return AuditContents(saf_t=saf_t_form, dsfinvk=dsfinvk_form, may_saf_t=may_saf_t)


def may(scope: Scope, rights: tuple[Right, ...]) -> bool:
    """Whether the role has all of them."""
    return all(scope.may(right) for right in rights)


def _form(asks: type[FileAsking], name: str, query: QueryDict, scope: Scope, now: datetime) -> FileForm:
    return FileForm(asks(query, scope=scope, now=now), reverse(name, args=[scope.retailer_id]))


AUDIT = Page(
    key="audit",
    title=TITLE,
    lead="Files for auditors and tax offices; made again, each is the same to the byte.",
    right=Right.SEE_BOOKS,
    read=read_forms,
    # What SAF-T says of the retailer is written there.
    actions=(Action("settings", "Settings"),),
    template="accounting/audit.html",
)


@require_safe
@limits_said
@portal_page(*SAF_T_RIGHTS)
def saf_t_file(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The books in SAF-T."""
    return _file(request, scope, SafTAsking, lambda asked: saf_t_asked(scope, asked))


@require_safe
@limits_said
@portal_page(*DSFINVK_RIGHTS)
def dsfinvk_file(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A store's receipts and closes."""
    return _file(request, scope, DsfinvkAsking, dsfinvk_asked)


def saf_t_asked(scope: Scope, asked: dict[str, Any]) -> AuditFile:
    """What an address asks for, made."""
    return saf_t(scope.retailer_id, asked["first"], asked["last"], asked["currency"])


def dsfinvk_asked(asked: dict[str, Any]) -> AuditFile:
    """What an address asks for, made."""
    return dsfinvk(asked["store"], asked["first"], asked["last"], asked["currency"])


def _file(
    request: HttpRequest, scope: Scope, asks: type[FileAsking], make: Callable[[dict[str, Any]], AuditFile]
) -> HttpResponse:
    asking = asks(request.GET, scope=scope, now=timezone.localtime())
    if not asking.is_valid():
        faults = {_label(asking, name): " ".join(map(str, texts)) for name, texts in asking.errors.items()}
        return _refused(request, scope, faults, 400)
    answer = made(lambda: make(asking.cleaned_data), scope)
    if isinstance(answer, Refusal):
        label = _label(asking, answer.field) if answer.field else TITLE
        return _refused(request, scope, {label: answer.sentence}, answer.status)
    return answer


def _label(asking: FileAsking, name: str) -> str:
    return str(asking.fields[name].label) if name in asking.fields else TITLE


def _refused(request: HttpRequest, scope: Scope, faults: dict[str, str], status: int) -> HttpResponse:
    context = {"page": AUDIT, "faults": faults}
    return frame.render(request, scope, "portal/sheets/refused.html", context, status=status)
