"""The ledger is checked by processes with their own roles, while it goes on growing."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from ledger.flush import flush_all
from ledger.log.checkpointer import catch_up
from ledger.log.models import VerificationRun
from ledger.shards import ALL_SHARDS
from ledger.tasks import check_sample
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from tests.roles import as_role
from tests.tills import Till


@pytest.fixture
def sealed(roles: None, till: Till, flush_everything: Callable[[], object]) -> Till:
    """A till with some blocks, logged and signed."""
    for _ in range(3):
        till.send_batch(till.sales(5))
        flush_everything()
    assert catch_up().faults == []
    return till


def test_the_log_workers_role_suffices_for_sample_and_whole(sealed: Till) -> None:
    with as_role("log"):
        check_sample()
        run = verify(Scope())
        assert [str(fault) for fault in run.tally.faults] == []
        assert (run.tally.records, run.tally.entries) == (15, 15)
        run.keep()
    assert VerificationRun.objects.count() == 2


def test_a_ledger_that_grows_meanwhile_is_well(sealed: Till) -> None:
    ends = threading.Event()

    def sell() -> None:
        try:
            while not ends.is_set():
                sealed.send_batch(sealed.sales(7))
                flush_all(ALL_SHARDS)
                catch_up()
        finally:
            connections.close_all()

    seller = threading.Thread(target=sell)
    seller.start()
    try:
        runs = [verify(Scope()) for _ in range(8)]
        samples = [verify(Scope(sample=5)) for _ in range(8)]
    finally:
        ends.set()
        seller.join()
    assert [str(fault) for run in (*runs, *samples) for fault in run.tally.faults] == []
    assert runs[0].tally.records < runs[-1].tally.records
