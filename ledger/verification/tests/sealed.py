"""A small ledger to damage, what a superuser does to it, and what the check then says."""

from collections.abc import Callable
from typing import Any

from ledger.log.checkpointer import catch_up
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from tests.factories import moment
from tests.tampering import triggers_off
from tests.tills import Till
from transactions.stream import shard_of


class Sealed:
    """Two shards with three blocks each, late sales, and a conflict in a fourth block, all of it logged and signed."""

    def __init__(self, till: Till, other: Till, flush: Callable[[], object]) -> None:
        self.till, self.other, self.flush = till, other, flush
        for _ in range(3):
            for one in (till, other):
                one.send_batch(one.sales(4))
                one.send(one.sale(issued_at=moment(days=-1), mode="offline"))
            flush()
        till.send(till.sale(sequence=till.sequence, reason="another"))
        flush()
        assert catch_up().faults == []

    @property
    def shard(self) -> int:
        """The shard that is damaged."""
        return shard_of(self.till.number)


def execute(sql: str, *parameters: Any) -> None:
    """What a superuser does behind everyone's back."""
    with triggers_off() as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount, "nothing was damaged"


def found(scope: Scope | None = None) -> list[str]:
    """What the check says is wrong."""
    return [str(fault) for fault in verify(scope or Scope()).tally.faults]
