"""A small sealed ledger for tests that damage it."""

from collections.abc import Callable

import pytest

from ledger.verification.tests.sealed import Sealed
from tests.factories import make_terminals
from tests.tills import Till


@pytest.fixture
def sealed(till: Till, flush_everything: Callable[[], object]) -> Sealed:
    """Seven blocks of two shards, logged and signed."""
    return Sealed(till, Till(make_terminals()[0]), flush_everything)
