"""How a service is added: it declares in its `consumers.py` what is to be fed every block.

    @consumer("marketing", tables=[Visit])
    def handle(block: FedBlock) -> None: ...

A consumer is called with every block of every shard, once and in the shard's order, inside a DB transaction that also
moves its cursor: what it writes there is there exactly when the block counts as fed (ledger/feeding/). It writes to
its own tables only, which it names: `manage.py rebuild` fills new ones beside them and exchanges them. What leaves the
database (mails, files, other servers) does not belong in `handle`, since a DB transaction may be rolled back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Model
from django.utils.module_loading import autodiscover_modules

from ledger.feed import FedBlock

# It stands in a column of the cursors, in metrics and on command lines.
NAME_LENGTH_MAX = 40

Handle = Callable[[FedBlock], None]


@dataclass(frozen=True)
class Consumer:
    """A declared consumer: its name, what it is called with, and the models whose tables it alone writes."""

    name: str
    handle: Handle
    tables: tuple[type[Model], ...]


_consumers: dict[str, Consumer] = {}


class UnknownConsumerError(LookupError):
    """No consumer has this name; the message lists those that there are."""


def consumer(name: str, *, tables: Sequence[type[Model]]) -> Callable[[Handle], Handle]:
    """Declares a function as a consumer. Raises ValueError for a name that is no slug or stands twice."""
    if not name.replace("-", "").isalnum() or not name.islower() or len(name) > NAME_LENGTH_MAX:
        raise ValueError(
            f"{name!r}: a consumer's name is lower-case letters, digits and hyphens, {NAME_LENGTH_MAX} at most"
        )

    def declare(handle: Handle) -> Handle:
        if name in _consumers:
            raise ValueError(f"there are two consumers {name!r}")
        _consumers[name] = Consumer(name, handle, tuple(tables))
        return handle

    return declare


def discover() -> None:
    """Imports every installed app's `consumers.py`; called once at start-up."""
    autodiscover_modules("consumers")


def all_consumers() -> list[Consumer]:
    """Every declared consumer, by name."""
    return [_consumers[name] for name in sorted(_consumers)]


def consumer_named(name: str) -> Consumer:
    """One consumer. Raises UnknownConsumerError."""
    try:
        return _consumers[name]
    except KeyError:
        known = ", ".join(sorted(_consumers)) or "none is declared"
        raise UnknownConsumerError(f"no consumer is called {name!r}: {known}") from None


def forget(name: str) -> None:
    """Takes a declaration back; for tests, whose consumers live no longer than they."""
    _consumers.pop(name, None)
