"""Acts for tests, and what publishes them."""

from audit.models import Kind
from audit.publishing import Published, publish_acts
from audit.recording import Thing, Who, record
from ledger.log.checkpointer import catch_up
from possys.clock import now_ms, utc

ANNA = Who(7, "anna", "192.0.2.7", "request-1", "/admin/transactions/terminal/4711/change/")


def make_acts(count: int, *, kind: Kind = Kind.LOOKED_AT) -> None:
    """So many more."""
    for number in range(count):
        record(kind, ANNA, Thing("transactions.terminal", str(number), f"terminal {number}"))


def publish() -> Published:
    """Publishes what is new, and has the log take it."""
    published = publish_acts(utc(now_ms()))
    catch_up()
    return published
