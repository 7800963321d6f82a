"""Keeps secrets out of the audit log: by names of fields and options, and out of addresses with a password. Pure."""

import re
from collections.abc import Sequence

HIDDEN = "(hidden)"
# Of fields and options. A name too many is hidden rather than one too few.
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|otp|csrf|credential|private|challenge|api[-_]?key|skey|(^|[-_])(pin|code|seed)$",
    re.IGNORECASE,
)
# user:password@ in an address.
SECRET_ADDRESS = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]+(?=@)")
# A private key of the log, and what looks like one.
SECRET_TEXT = re.compile(r"PRIVATE\+KEY\+\S+|-----BEGIN [A-Z ]*PRIVATE KEY-----.*", re.DOTALL)


def is_secret(name: str) -> bool:
    """Whether what stands behind this name must not be kept."""
    return bool(SECRET_NAME.search(name))


def masked(text: str) -> str:
    """A text without the secrets that can be told by their form."""
    return SECRET_TEXT.sub(HIDDEN, SECRET_ADDRESS.sub(HIDDEN, text))


def masked_arguments(arguments: Sequence[str]) -> list[str]:
    """A command line's arguments: the value of an option with a secret's name is hidden, before or behind a space."""
    shown: list[str] = []
    hides_next = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        is_option = argument.startswith("-")
        if hides_next and not is_option:
            shown.append(HIDDEN)
            hides_next = False
            continue
        hides_next = is_option and not equals and is_secret(name.lstrip("-"))
        shown.append(f"{name}={HIDDEN}" if equals and is_secret(name.lstrip("-")) else masked(argument))
    return shown
