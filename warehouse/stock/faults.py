"""What is wrong with a document, said where it stands in the form."""


class StockFault(ValueError):
    """`faults` has a sentence for each field ("" of the whole, "rows.3.product" of a row, counted from 0)."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = faults
