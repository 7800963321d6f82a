"""Moments on a command line."""

import argparse
from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """A time as 2026-11-30T14:02:00, in UTC unless it names its offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a time is expected, as 2026-11-30T14:02:00 (UTC)") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
