"""System checks of the secrets themselves: long, random, and each for one purpose."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

# What Django itself asks of a SECRET_KEY; its own check only warns.
SECRET_KEY_LENGTH_MIN, SECRET_KEY_SYMBOLS_MIN = 50, 5
# 24 random letters and digits are more than 120 bits.
TOKEN_LENGTH_MIN, TOKEN_SYMBOLS_MIN = 24, 8
# Of 16 random bytes fewer than this differ in no key that was ever drawn.
KEY_BYTES_DIFFERENT_MIN = 8
MAKE_KEY = "openssl rand -hex 32"
MAKE_TEXT = "openssl rand -base64 48"


@register(Tags.security, deploy=True)
def secrets_are_strong(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """What can be guessed is no secret."""
    for name, value in (("SECRET_KEY", settings.SECRET_KEY), *numbered("SECRET_KEY_FALLBACKS")):
        if is_weak(value, SECRET_KEY_LENGTH_MIN, SECRET_KEY_SYMBOLS_MIN) or value.startswith("django-insecure"):
            what = f"{name} is shorter than {SECRET_KEY_LENGTH_MIN} symbols, or not random."
            yield Error(what, hint=f"{MAKE_TEXT} makes one.", id="possys.E040")
    if settings.METRICS_TOKEN and is_weak(settings.METRICS_TOKEN, TOKEN_LENGTH_MIN, TOKEN_SYMBOLS_MIN):
        what = f"METRICS_TOKEN is shorter than {TOKEN_LENGTH_MIN} symbols, or not random."
        yield Error(what, hint=f"{MAKE_KEY} makes one.", id="possys.E041")
    for name, key in byte_keys():
        if len(set(key)) < KEY_BYTES_DIFFERENT_MIN:
            yield Error(f"{name} is not random.", hint="openssl rand makes keys.", id="possys.E042")


@register(Tags.security, deploy=True)
def secrets_are_apart(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Who learns one must not have another with it; a test's receipt must never pass for a real one."""
    used: dict[str, list[str]] = defaultdict(list)
    texts = [("SECRET_KEY", settings.SECRET_KEY), ("METRICS_TOKEN", settings.METRICS_TOKEN)]
    texts += [("SMS_TOKEN", settings.SMS_TOKEN), *numbered("SECRET_KEY_FALLBACKS")]
    for name, value in [*texts, *((name, key.hex()) for name, key in byte_keys())]:
        if value:
            used[value.lower()].append(name)
    for names in used.values():
        if len(names) < 2:
            continue
        codes = {name.partition(" ")[0] for name in names} >= {"CODE_KEYS", "TEST_CODE_KEYS"}
        hint = "A training sale's code would be a real one's." if codes else "Make one for each."
        yield Error(f"{' and '.join(names)} are the same key.", hint=hint, id="possys.E043")


def is_weak(value: str, length_min: int, symbols_min: int) -> bool:
    """Whether a text is too short or too uniform to be a secret."""
    return len(value) < length_min or len(set(value)) < symbols_min


def numbered(name: str) -> list[tuple[str, str]]:
    """A list's secrets, each with a name that tells which it is."""
    return [(f"{name} ({number})", value) for number, value in enumerate(getattr(settings, name, []), start=1)]


def byte_keys() -> Iterator[tuple[str, bytes]]:
    """Keys that are written in hexadecimal, with their names; one that cannot be read is another check's."""
    hexadecimal = [(name, getattr(settings, name, "")) for name in ("TERMINAL_KEY", "SECOND_FACTOR_KEY")]
    hexadecimal += numbered("SECOND_FACTOR_OLD_KEYS")
    for name in ("CODE_KEYS", "TEST_CODE_KEYS"):
        entries = [entry.strip().split(":") for entry in getattr(settings, name).split(",")]
        hexadecimal += [(f"{name} (version {entry[0]})", entry[-1]) for entry in entries]
    for name, value in hexadecimal:
        try:
            key = bytes.fromhex(value)
        except ValueError:
            continue
        if key:
            yield name, key
