"""What can be wrong, each with a class of its own; all are TillError."""

from collections.abc import Sequence
from typing import NamedTuple


class TillError(Exception):
    """Whatever a till says instead of a receipt."""


class Fault(NamedTuple):
    """One thing that is wrong with a sale, at a JSON pointer into it."""

    pointer: str
    detail: str


class SaleError(TillError, ValueError):
    """The sale cannot be made; `faults` names everything that is wrong with it. No number was used."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or 'the sale'} {fault.detail}" for fault in faults))
        self.faults = tuple(faults)


class SaleRefused(TillError):
    """The server refused a sale that has a number. It is put aside, and `Till.correct` mends it."""

    def __init__(self, sequence: int, status: int, said: str) -> None:
        super().__init__(f"Sale {sequence} was refused ({status}): {said}")
        self.sequence, self.status, self.said = sequence, status, said


class StorageError(TillError):
    """The till's disk does not take the sale, so nothing was sold and no number was used."""


class Blocked(TillError):
    """The server said that this till must not sell: it is suspended, lost, retired or not yet enrolled."""

    def __init__(self, standing: str, said: str) -> None:
        super().__init__(f"This till is {standing} and sells nothing. {said}".rstrip())
        self.standing = standing


class Refused(TillError):
    """The server refused what is not a sale: an enrolment, a credential, a copy."""

    def __init__(self, status: int, kind: str, said: str) -> None:
        super().__init__(f"{said or 'The server refused it.'} ({status}{f' {kind}' if kind else ''})")
        self.status, self.kind, self.said = status, kind, said


class Unreachable(TillError):
    """The server did not answer, and what was asked cannot wait in a queue. Asking again is safe."""


class NotEnrolled(TillError):
    """The folder holds no credential."""


class FolderInUse(TillError):
    """Another program has this till open: two of them would use the same numbers."""


class Unknown(TillError, LookupError):
    """This till has no such sale."""
