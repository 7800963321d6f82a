"""Why something cannot be done with a draw, in words for staff."""


class DrawError(ValueError):
    """A draw is not in the state for it, or what was given does not fit; the message says what to do."""
