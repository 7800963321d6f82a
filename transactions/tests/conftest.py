"""Fixtures of the replay's tests."""

from collections.abc import Iterator

import pytest

from transactions.replay.source import Year, load_year
from transactions.tests.far_side import FarSide, far_side


@pytest.fixture
def server() -> Iterator[FarSide]:
    """The far side of the network."""
    with far_side() as running:
        yield running


@pytest.fixture(scope="session")
def year() -> Year:
    """The year of real baskets."""
    return load_year()
