"""System checks of signing in: what is unsafe in production is refused."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SECOND_FACTOR_KEY_BYTES = 32


@register(Tags.security)
def staff_have_a_second_factor(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Outside local work nobody reaches the admin with a password alone."""
    if settings.LOCAL_WORK or settings.STAFF_SECOND_FACTOR:
        return []
    hint = "Take STAFF_SECOND_FACTOR out of the environment."
    return [Error("STAFF_SECOND_FACTOR is off: a stolen password opens the admin.", hint=hint, id="possys.E022")]


@register(Tags.security)
def second_factor_keys_are_usable(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Found at start, not at the first sign-in."""
    faults: list[CheckMessage] = []
    for name, key in (
        ("SECOND_FACTOR_KEY", settings.SECOND_FACTOR_KEY),
        *(("SECOND_FACTOR_OLD_KEYS", key) for key in settings.SECOND_FACTOR_OLD_KEYS),
    ):
        try:
            if len(bytes.fromhex(key)) != SECOND_FACTOR_KEY_BYTES:
                raise ValueError(f"it must be {SECOND_FACTOR_KEY_BYTES} bytes")
        except ValueError as fault:
            faults.append(Error(f"{name}: {fault}.", hint="64 hexadecimal digits.", id="possys.E004"))
        if not settings.LOCAL_WORK and key == settings.LOCAL_SECOND_FACTOR_KEY:
            faults.append(
                Error(
                    f"{name} still has the value that is for local work only.",
                    hint=f"Set {name} in the environment: openssl rand -hex 32",
                    id="possys.E004",
                )
            )
    return faults
