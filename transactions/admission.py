"""Who may send something about a terminal: capture's own judgement, for endpoints that ask PostgreSQL instead."""

from datetime import datetime

from transactions.life import effective
from transactions.models import Life, Terminal
from transactions.sale import Fault
from transactions.stream import Credential, CredentialKind


class CredentialReplacedError(Exception):
    """The token was right once, and a newer one was issued."""


class SenderRefused(ValueError):
    """The terminal is not one that this credential may speak for; `faults` says why."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"/terminal {detail}")
        self.faults = [Fault("/terminal", detail)]


def admitted(credential: Credential, number: int, now: datetime) -> Terminal:
    """The terminal, with its store and retailer. Raises SenderRefused and CredentialReplacedError.

    Its life is not looked at: see `check_life`.
    """
    is_terminal = credential.kind == CredentialKind.TERMINAL
    terminal = Terminal.objects.select_related("store__retailer").filter(pk=number).first()
    if terminal is None:
        raise SenderRefused("is not enrolled")
    retailer = terminal.store.retailer
    if credential.id != (number if is_terminal else retailer.pk):
        whose = "the token's terminal" if is_terminal else "one of the token's retailer"
        raise SenderRefused(f"is not {whose}")
    present = terminal.key_version if is_terminal else retailer.gateway_version
    overlap = terminal.overlap_until if is_terminal else retailer.gateway_overlap_until
    before_is_good = overlap is not None and now < overlap
    if credential.version != present and not (before_is_good and credential.version == present - 1):
        raise CredentialReplacedError
    return terminal


def check_life(terminal: Terminal) -> None:
    """Refuses what is suspended, lost, retired or never came to life. Raises SenderRefused."""
    life = effective(terminal.status, terminal.store.status, terminal.store.retailer.status)
    if life not in (Life.ACTIVE, Life.TESTING):
        raise SenderRefused("is not enrolled yet" if life == Life.ENROLLED else f"is {life}")
