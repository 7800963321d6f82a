"""What cannot be done to the books, in sentences for whoever asked."""


class BooksFault(ValueError):
    """Refused; `faults` has a sentence for each field of the form that is wrong ("" for the whole of it)."""

    def __init__(self, fault: str, field: str = "") -> None:
        super().__init__(fault)
        self.faults = {field: fault}
