"""What the tests of signing in share."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from possys.accounts.models import User
from tests.people import make_person

PASSWORD = "a-password-of-the-staff"


@pytest.fixture(autouse=True)
def _limits_are_fresh(db: None, settings: Any) -> Iterator[None]:
    """No tries so far, none left for the next test, and hashes that take no time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def boss(db: None, _limits_are_fresh: None) -> User:
    """A superuser with a password, and no second factor yet."""
    return make_person("boss", is_superuser=True, password=PASSWORD)
