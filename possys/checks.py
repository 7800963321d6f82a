"""System checks: what is fine on a desk and must never reach production."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from possys import clock, messages, receipt_keys, sms
from possys.codes import Environment

LOCAL_ONLY = {
    "SECRET_KEY": "LOCAL_SECRET_KEY",
    "TERMINAL_KEY": "LOCAL_TERMINAL_KEY",
    "CODE_KEYS": "LOCAL_CODE_KEYS",
    "TEST_CODE_KEYS": "LOCAL_TEST_CODE_KEYS",
    "LOG_KEY": "LOCAL_LOG_KEY",
}
TERMINAL_KEY_BYTES = 32


@register(Tags.security)
def no_local_secrets(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Outside local work every secret must be the operator's own."""
    if settings.LOCAL_WORK:
        return []
    return [
        Error(
            f"{name} still has the value that is for local work only.",
            hint=f"Set {name} in the environment.",
            id="possys.E001",
        )
        for name, local in LOCAL_ONLY.items()
        # Some of them are tables of keys, in which the local one must not be among others either.
        if getattr(settings, local) in getattr(settings, name)
    ]


@register(Tags.security)
def keys_are_usable(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A key that cannot be read is found at start, not at the first sale."""
    faults: list[CheckMessage] = []
    try:
        if len(bytes.fromhex(settings.TERMINAL_KEY)) != TERMINAL_KEY_BYTES:
            raise ValueError(f"it must be {TERMINAL_KEY_BYTES} bytes")
    except ValueError as fault:
        faults.append(Error(f"TERMINAL_KEY: {fault}.", hint="64 hexadecimal digits.", id="possys.E002"))
    try:
        for environment in Environment:
            receipt_keys.table().encode(environment, clock.utc(clock.now_ms()).date(), 1, 1)
    except ValueError as fault:
        faults.append(Error(f"CODE_KEYS or TEST_CODE_KEYS: {fault}", id="possys.E003"))
    return faults


@register(Tags.translation)
def translations_are_compiled(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without them the customer's pages would be English with foreign dates."""
    stale = [language for language in messages.languages() if messages.is_stale(language)]
    if not stale:
        return []
    hint = "manage.py messages --compile"
    return [Warning(f"The translations of {', '.join(stale)} are not compiled.", hint=hint, id="possys.W001")]


@register(Tags.security)
def mails_can_be_sent(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without a mail server, customers' mails wait; everything else works, so this only warns."""
    if settings.LOCAL_WORK or settings.EMAIL_URL:
        return []
    return [
        Warning(
            "There is no EMAIL_URL: mails to customers wait and are not sent.",
            hint="EMAIL_URL=smtp+tls://user:password@mail.internal:587, see docs/mail.md.",
            id="possys.W004",
        )
    ]


@register(Tags.security)
def text_messages_can_be_sent(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A gateway for text messages is spoken to encrypted, and with a token: it is given codes to sign in with."""
    if settings.LOCAL_WORK or not settings.SMS_URL:
        return []
    where = urlsplit(settings.SMS_URL)
    faults = []
    if where.scheme != "https" and where.hostname not in sms.LOOPBACK:
        faults.append(f"SMS_URL begins with {where.scheme}://: text messages hold codes, so it must be https://.")
    if not settings.SMS_TOKEN:
        faults.append("There is no SMS_TOKEN: no gateway takes text messages from just anybody.")
    hint = "SMS_URL=https://gateway.example/messages and SMS_TOKEN=..., see docs/mail.md."
    return [Warning(fault, hint=hint, id="possys.W005") for fault in faults]
