"""The changes of the registry that the admin offers; each makes one call into `transactions.operations`."""

from typing import Any

from transactions import loading, operations
from transactions.admin_actions import Change, EnrolForm, Issued
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.models import Life, Retailer, Store, Terminal


def _enrol(store: Store, answers: dict[str, Any]) -> Issued:
    terminals = operations.enrol_terminals(store=store, count=answers["count"])
    tokens = [
        (f"Terminal {terminal.number}", mint_terminal_token(terminal.number, terminal.key_version))
        for terminal in terminals
    ]
    numbers = ", ".join(str(terminal.number) for terminal in terminals[:10])
    more = f" and {len(terminals) - 10} more" if len(terminals) > 10 else ""
    return Issued(f"Enrolled {len(terminals)} terminals: {numbers}{more}.", tokens)


def _rotate_terminal(terminal: Terminal, answers: dict[str, Any]) -> Issued:
    version = operations.rotate_terminal_token(terminal)
    token = mint_terminal_token(terminal.number, version)
    return Issued(f"Rotated the token to key version {version}.", [(f"Terminal {terminal.number}", token)])


def _rotate_gateway(retailer: Retailer, answers: dict[str, Any]) -> Issued:
    version = operations.rotate_gateway_token(retailer)
    token = mint_gateway_token(retailer.pk, version)
    return Issued(f"Rotated the gateway token to key version {version}.", [(f"Gateways of {retailer}", token)])


def _suspend(terminal: Terminal, answers: dict[str, Any]) -> Issued:
    operations.change_status(terminal, Life.SUSPENDED, reason="")
    return Issued("Suspended.")


def _activate(terminal: Terminal, answers: dict[str, Any]) -> Issued:
    operations.change_status(terminal, Life.ACTIVE, reason="")
    return Issued("Activated.")


def _load_store(store: Store, answers: dict[str, Any]) -> Issued:
    count = loading.load_terminals(Terminal.objects.filter(store=store))
    return Issued(f"Loaded {count} terminals into the capture store.")


def _load_retailer(retailer: Retailer, answers: dict[str, Any]) -> Issued:
    count = loading.load_terminals(Terminal.objects.filter(store__retailer=retailer))
    return Issued(f"Loaded {count} terminals into the capture store.")


def _load_terminal(terminal: Terminal, answers: dict[str, Any]) -> Issued:
    loading.load_terminals([terminal])
    return Issued("Loaded the terminal into the capture store.")


def _is_suspended(terminal: Terminal) -> int:
    return int(terminal.status == Life.SUSPENDED)


LOAD = "Load into the capture store"
LOAD_EXPLANATION = (
    "Sends the capture store what the registry says, where a change could not reach it. Safe at any time."
)

ENROL = Change(
    name="Enrol terminals",
    title="Enrol terminals",
    explanation="The store gets new, active terminals. Their tokens are shown once, on the next page.",
    button="Enrol",
    permission="transactions.add_terminal",
    without_store="Sales of these terminals are refused until the store knows them.",
    state=lambda store: store.terminals.count(),
    carry_out=_enrol,
    form=EnrolForm,
)
ROTATE_TERMINAL = Change(
    name="Rotate the token",
    title="Rotate the terminal's token",
    explanation="The present token stops working at once; the terminal cannot send until it has the new one.",
    button="Rotate the token",
    permission="transactions.change_terminal",
    without_store="Until the store knows of it, the old token goes on working and the new one does not.",
    state=lambda terminal: terminal.key_version,
    carry_out=_rotate_terminal,
    is_dangerous=True,
)
ROTATE_GATEWAY = Change(
    name="Rotate the gateway token",
    title="Rotate the gateway token",
    explanation="All the retailer's gateways need the new token at once; the terminals' own tokens go on.",
    button="Rotate the token",
    permission="transactions.change_retailer",
    without_store="Until the store knows of it, the old token goes on working and the new one does not.",
    state=lambda retailer: retailer.gateway_version,
    carry_out=_rotate_gateway,
    is_dangerous=True,
)
SUSPEND = Change(
    name="Suspend",
    title="Suspend the terminal",
    explanation="Its sales are refused until it is made active again. What it has sent already stays.",
    button="Suspend",
    permission="transactions.change_terminal",
    without_store="Until the store knows of it, the terminal can go on sending.",
    state=_is_suspended,
    carry_out=_suspend,
    is_dangerous=True,
)
ACTIVATE = Change(
    name="Make active",
    title="Make the terminal active",
    explanation="Its sales are taken again, with the token that it has.",
    button="Make active",
    permission="transactions.change_terminal",
    without_store="Until the store knows of it, the terminal's sales are refused.",
    state=_is_suspended,
    carry_out=_activate,
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
