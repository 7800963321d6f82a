"""Enrolment codes from the admin: for one terminal, for a store's, for those just enrolled; shown once."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from transactions import operations
from transactions.admin_actions import Change, Issued, Sheet
from transactions.admin_forms import TOKENS, CodeForm, EnrolForm, StoreCodesForm
from transactions.authentication import mint_terminal_token
from transactions.enrolment import issue_code, issue_codes
from transactions.enrolment.codes import link, qr_svg
from transactions.models import EnrolmentCode, Life, Store, Terminal

# Codes on one page; each is drawn.
SHEETS_MAX = operations.ENROL_MAX


def sheets(codes: Mapping[int, str], terminals: list[Terminal]) -> list[Sheet]:
    """The codes as they are printed, in the order of the terminals."""
    return [
        Sheet(
            ", ".join(part for part in (f"Terminal {terminal.number}", terminal.label, terminal.store.name) if part),
            codes[terminal.number],
            qr_svg(link(settings.SITE_URL, codes[terminal.number])),
        )
        for terminal in terminals
    ]


def _enrol(store: Store, answers: dict[str, Any], by: str) -> Issued:
    with_tokens = answers["gets"] == TOKENS
    status = Life.ACTIVE if with_tokens else Life.ENROLLED
    terminals = operations.enrol_terminals(store=store, count=answers["count"], status=status, by=by)
    numbers = ", ".join(str(terminal.number) for terminal in terminals[:10])
    more = f" and {len(terminals) - 10} more" if len(terminals) > 10 else ""
    log = f"Enrolled {len(terminals)} terminals: {numbers}{more}."
    if with_tokens:
        tokens = [
            (f"Terminal {terminal.number}", mint_terminal_token(terminal.number, terminal.key_version))
            for terminal in terminals
        ]
        return Issued(log, tokens=tokens)
    return Issued(log, codes=sheets(issue_codes(terminals, by=by), terminals))


def _issue(terminal: Terminal, answers: dict[str, Any], by: str) -> Issued:
    code = issue_code(terminal, activates=answers["leads_to"] == Life.ACTIVE, by=by)
    return Issued("Issued an enrolment code.", codes=sheets({terminal.number: code}, [terminal]))


def _issue_for_store(store: Store, answers: dict[str, Any], by: str) -> Issued:
    terminals = store.terminals.select_related("store").exclude(status__in=(Life.SUSPENDED, Life.LOST, Life.RETIRED))
    if answers["only_new"]:
        terminals = terminals.filter(status=Life.ENROLLED)
    chosen = list(terminals[: SHEETS_MAX + 1])
    if not chosen:
        raise operations.EnrolmentError("the store has no such terminals")
    if len(chosen) > SHEETS_MAX:
        raise operations.EnrolmentError(f"the store has more than {SHEETS_MAX} such terminals")
    codes = issue_codes(chosen, activates=answers["leads_to"] == Life.ACTIVE, by=by)
    return Issued(f"Issued {len(codes)} enrolment codes.", codes=sheets(codes, chosen))


def _can_have_code(terminal: Terminal) -> bool:
    return terminal.status not in (Life.SUSPENDED, Life.RETIRED)


_CODE_EXPLANATION = (
    "A till exchanges the code once, within 14 days, for a credential of its own. Whatever the terminal has now stops "
    "working then. Older codes are void from now on. The code is shown once, on the next page."
)
_WITHOUT_STORE = "The code works all the same; the till is asked to try again until the store is back."

ENROL = Change(
    name="Enrol terminals",
    title="Enrol terminals",
    explanation="The store gets new terminals, numbered by themselves. What each gets is shown once, on the next page.",
    button="Enrol",
    permission="transactions.add_terminal",
    without_store="Sales of these terminals are refused until the store knows them.",
    state=lambda store: store.terminals.count(),
    carry_out=_enrol,
    form=EnrolForm,
)
ISSUE = Change(
    name="Issue an enrolment code",
    title="Issue an enrolment code",
    explanation=_CODE_EXPLANATION,
    button="Issue the code",
    permission="transactions.change_terminal",
    without_store=_WITHOUT_STORE,
    state=lambda terminal: EnrolmentCode.objects.filter(terminal=terminal).count(),
    carry_out=_issue,
    is_due=_can_have_code,
    form=CodeForm,
)
ISSUE_FOR_STORE = Change(
    name="Issue enrolment codes",
    title="Issue enrolment codes for the store's terminals",
    explanation=_CODE_EXPLANATION,
    button="Issue the codes",
    permission="transactions.change_terminal",
    without_store=_WITHOUT_STORE,
    state=lambda store: EnrolmentCode.objects.filter(terminal__store=store).count(),
    carry_out=_issue_for_store,
    form=StoreCodesForm,
)
