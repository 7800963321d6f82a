"""The deployment's own table of receipt-code keys, made once from the settings."""

from functools import lru_cache

from django.conf import settings

from possys.codes import Environment, KeyTable, parse_keys


@lru_cache(maxsize=1)
def table() -> KeyTable:
    """The key table of this deployment. Raises ValueError naming the faulty part of the settings."""
    production = parse_keys(settings.CODE_KEYS, Environment.PRODUCTION)
    return KeyTable([*production, *parse_keys(settings.TEST_CODE_KEYS, Environment.TEST)])
