"""The deployment's own receipt-code keys: the table that makes codes, and the links to receipts, made once each."""

from functools import lru_cache

from django.conf import settings

from possys.codes import CodeKey, Environment, KeyTable, parse_keys
from possys.links import Links


@lru_cache(maxsize=1)
def table() -> KeyTable:
    """The key table of this deployment. Raises ValueError naming the faulty part of the settings."""
    return KeyTable(_keys())


@lru_cache(maxsize=1)
def links() -> Links:
    """The links that receipts' QR codes hold. Raises ValueError as `table` does."""
    return Links(_keys(), settings.SITE_URL)


def _keys() -> list[CodeKey]:
    production = parse_keys(settings.CODE_KEYS, Environment.PRODUCTION)
    return [*production, *parse_keys(settings.TEST_CODE_KEYS, Environment.TEST)]
