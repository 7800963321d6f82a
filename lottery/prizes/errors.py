"""Why something cannot be done with a prize."""


class PrizeError(ValueError):
    """A win is not in the state for it, or what was given does not fit; the message is for staff."""


class ClaimError(ValueError):
    """A claim is not taken; the message is a sentence for the player."""
