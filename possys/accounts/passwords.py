"""The words that whoever guesses a password here would try first, and the refusal of passwords that are made of them.

The list (docs/security.md, *Passwords*) is: WORDS, the site's host, the person's login, names and e-mail address, and
what other apps add, such as the names of their retailers. A word may stand in a password that has enough besides.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from possys.accounts.models import User
from possys.accounts.provisioning import ISSUER

# The product, and what it is about.
WORDS = (
    ISSUER, "receipt", "receipts", "retailer", "lottery", "terminal", "cashier", "fiscal", "ledger", "admin",
    "administrator", "staff", "portal", "password", "welcome",
)  # fmt: skip
# Shorter ones are in every other word.
WORD_CHARACTERS_MIN = 3
# What a password must have besides such words: as many as a password must have at all.
BESIDES_MIN = 8
# Of a host's name: what says nothing of the site.
NOT_OF_A_SITE = frozenset({"www", "com", "org", "net"})
# How people write a letter otherwise; `i` and `l` are one, since a 1 is either.
READ_AS = str.maketrans(
    {"0": "o", "1": "l", "i": "l", "!": "l", "3": "e", "4": "a", "@": "a", "5": "s", "$": "s", "7": "t"}
)
_sources: list[Callable[[User], Iterable[str]]] = []


def add_words(source: Callable[[User], Iterable[str]]) -> None:
    """Has an app say, too, which words belong to a person; called from AppConfig.ready."""
    if source not in _sources:
        _sources.append(source)


def words_for(user: User | None) -> frozenset[str]:
    """The whole list for a person, each word as it is given, whole and in parts."""
    given = [*WORDS, *(label for label in _host().split(".") if label not in NOT_OF_A_SITE)]
    if user is not None:
        given += [user.get_username(), user.email, user.first_name, user.last_name]
        # Somebody who is not saved yet, as in createsuperuser, belongs nowhere.
        given += [word for source in _sources if user.pk for word in source(user)]
    return frozenset(part for word in given for part in _parts(word) if len(part) >= WORD_CHARACTERS_MIN)


class ContextWordsValidator:
    """For settings.AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError, which names the words."""
        rest, found = _plain(password), []
        for word in sorted(words_for(user), key=lambda word: (-len(word), word)):
            if _plain(word) and _plain(word) in rest:
                found.append(word)
                # A mark between what is left, so that no new word comes together.
                rest = rest.replace(_plain(word), " ")
        if found and len(rest.replace(" ", "")) < BESIDES_MIN:
            raise ValidationError(
                f"This password is mostly {' and '.join(f'“{word}”' for word in found)}, which is what somebody who "
                "guesses tries first. Take words that have nothing to do with you or this site.",
                code="password_of_context_words",
            )

    def get_help_text(self) -> str:
        """For the list beside the field."""
        return "Your password can’t be made of your names, your retailer’s, or words of this site."


def _parts(word: str) -> Iterator[str]:
    yield word.casefold()
    yield from re.split(r"[^\w]+|_", word.casefold())


def _plain(text: str) -> str:
    """Letters and digits only, without accents, and each however it is written."""
    bare = unicodedata.normalize("NFKD", text.casefold()).translate(READ_AS)
    return "".join(sign for sign in bare if sign.isalnum())


def _host() -> Any:
    return urlsplit(settings.SITE_URL).hostname or ""
