"""What the tests of the archive look at."""

from datetime import date
from typing import NamedTuple


class PastDay(NamedTuple):
    """A day with two blocks of the till's shard and one of the rival's; `codes` are the till's, in order."""

    day: date
    codes: list[str]
    sales: list[bytes]
    rival_code: str
