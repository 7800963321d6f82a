"""What cannot be done to the books, in sentences for whoever asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from portal.sheets.forms import FormFault


class BooksFault(ValueError):
    """Refused; `faults` has a sentence for each field of the form that is wrong ("" for the whole of it)."""

    def __init__(self, fault: str, field: str = "") -> None:
        super().__init__(fault)
        self.faults = {field: fault}


@contextmanager
def faults_shown() -> Iterator[None]:
    """What the books refuse inside is shown at the form's fields."""
    try:
        yield
    except BooksFault as fault:
        raise FormFault(fault.faults) from fault
