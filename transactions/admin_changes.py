"""Tokens and loading: changes of the registry that the admin offers; each makes one call into the domain."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from transactions import loading, operations
from transactions.admin_actions import Change, Issued
from transactions.admin_forms import RotateForm
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.models import Life, Retailer, Store, Terminal


def _overlap(answers: dict[str, Any]) -> timedelta:
    return timedelta(days=settings.CREDENTIAL_OVERLAP_DAYS if answers["keeps_old"] else 0)


def _rotate_terminal(terminal: Terminal, answers: dict[str, Any], by: str) -> Issued:
    if answers["keeps_old"] and terminal.signing_key:
        # The key before the one in use would be taken again, too: with the first key that is no key at all.
        raise operations.EnrolmentError(
            "a terminal that signs cannot keep its old token when staff rotates it; it renews its credential itself"
        )
    version = operations.rotate_terminal_token(terminal, overlap=_overlap(answers), by=by)
    token = mint_terminal_token(terminal.number, version)
    return Issued(f"Rotated the token to key version {version}.", [(f"Terminal {terminal.number}", token)])


def _rotate_gateway(retailer: Retailer, answers: dict[str, Any], by: str) -> Issued:
    version = operations.rotate_gateway_token(retailer, overlap=_overlap(answers), by=by)
    token = mint_gateway_token(retailer.pk, version)
    return Issued(f"Rotated the gateway token to key version {version}.", [(f"Gateways of {retailer}", token)])


def _load_store(store: Store, answers: dict[str, Any], by: str) -> Issued:
    count = loading.load_terminals(Terminal.objects.filter(store=store))
    return Issued(f"Loaded {count} terminals into the capture store.")


def _load_retailer(retailer: Retailer, answers: dict[str, Any], by: str) -> Issued:
    count = loading.load_terminals(Terminal.objects.filter(store__retailer=retailer))
    return Issued(f"Loaded {count} terminals into the capture store.")


def _load_terminal(terminal: Terminal, answers: dict[str, Any], by: str) -> Issued:
    loading.load_terminals([terminal])
    return Issued("Loaded the terminal into the capture store.")


def _has_token(terminal: Terminal) -> bool:
    return terminal.status in (Life.TESTING, Life.ACTIVE, Life.SUSPENDED)


LOAD = "Load into the capture store"
LOAD_EXPLANATION = (
    "Sends the capture store what the registry says, where a change could not reach it. Safe at any time."
)

ROTATE_TERMINAL = Change(
    name="Rotate the token",
    title="Rotate the terminal's token",
    explanation="The terminal gets a new token, and needs it when the present one stops. A signing key stays.",
    button="Rotate the token",
    permission="transactions.change_terminal",
    without_store="Until the store knows of it, the old token goes on working and the new one does not.",
    state=lambda terminal: terminal.key_version,
    carry_out=_rotate_terminal,
    is_due=_has_token,
    form=RotateForm,
    is_dangerous=True,
)
ROTATE_GATEWAY = Change(
    name="Rotate the gateway token",
    title="Rotate the gateway token",
    explanation="All the retailer's gateways need the new token when the present one stops; terminals' own go on.",
    button="Rotate the token",
    permission="transactions.change_retailer",
    without_store="Until the store knows of it, the old token goes on working and the new one does not.",
    state=lambda retailer: retailer.gateway_version,
    carry_out=_rotate_gateway,
    form=RotateForm,
    is_dangerous=True,
)
LOAD_STORE = Change(
    name=LOAD,
    title="Load the store's terminals into the capture store",
    explanation=LOAD_EXPLANATION,
    button="Load",
    permission="transactions.change_terminal",
    without_store="",
    state=lambda store: store.pk,
    carry_out=_load_store,
)
LOAD_RETAILER = Change(
    name=LOAD,
    title="Load the retailer's terminals into the capture store",
    explanation=LOAD_EXPLANATION,
    button="Load",
    permission="transactions.change_terminal",
    without_store="",
    state=lambda retailer: retailer.pk,
    carry_out=_load_retailer,
)
LOAD_TERMINAL = Change(
    name=LOAD,
    title="Load the terminal into the capture store",
    explanation=LOAD_EXPLANATION,
    button="Load",
    permission="transactions.change_terminal",
    without_store="",
    state=lambda terminal: terminal.pk,
    carry_out=_load_terminal,
)
