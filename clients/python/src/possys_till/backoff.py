"""How long to wait before sending again: exponential back-off with full jitter, and never less than the server asks.

Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Full jitter spreads the tills of a whole
country evenly after an outage, where equal steps would bring all of them back in the same second.
"""

import random
from dataclasses import dataclass, field

# 2 to the power of this is more than any wait.
DOUBLINGS_MAX = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between `first_s` and `most_s`, doubling; `chance` is given by tests that must know it."""

    first_s: float = 0.5
    most_s: float = 60.0
    chance: random.Random = field(default_factory=random.Random)

    def wait_s(self, attempt: int, retry_after_s: float = 0.0) -> float:
        """The wait after attempt 0, 1, 2 and so on has failed.

        What the server asks for is waited in full; the jitter comes on top, so that not all return at once.
        """
        ceiling_s = min(self.most_s, self.first_s * 2 ** min(attempt, DOUBLINGS_MAX))
        return retry_after_s + self.chance.uniform(0.0, ceiling_s)
