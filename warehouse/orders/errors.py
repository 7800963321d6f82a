"""What is wrong with an order, for people."""


class OrderFault(Exception):
    """Nothing was done. `field` names the field of the form; "rows.3.quantity" is one of a row, counted from 0."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field
