"""The admin's cast, and acts as they are told of."""

import pytest

from tests.people import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """A superuser, one who may look, one without rights, nobody."""
    return make_cast()
