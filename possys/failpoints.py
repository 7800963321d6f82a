"""Named points at which a fault test makes a process die as by kill -9; without its variable they do nothing.

FAILPOINT="flush.after-copy" kills at the first pass, "flush.after-copy:0.01" at one pass in a hundred.
"""

import os
import random
import signal

_name, _, _share = os.environ.get("FAILPOINT", "").partition(":")
_PROBABILITY = float(_share or 1)


def reach(name: str) -> None:
    """Marks the point; dies here when the environment says so."""
    if name == _name and random.random() < _PROBABILITY:  # noqa: S311 - chance, not secrecy
        os.kill(os.getpid(), signal.SIGKILL)
