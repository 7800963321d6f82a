"""Why an audit file cannot be made as it was asked for."""

from datetime import date


class AuditFault(ValueError):
    """What to change, in a sentence for whoever asked; `field` is what they gave."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def check_period(first: date, last: date) -> None:
    """Raises AuditFault when the days are the wrong way round."""
    if last < first:
        raise AuditFault("last", "The last day is before the first one.")
