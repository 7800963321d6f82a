"""Writes acts. Every caller writes before or together with what it tells of; a row that cannot be written raises."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest

from audit.content import (
    CLIENT_CHARACTERS_MAX,
    FIELDS_MAX,
    KEY_CHARACTERS_MAX,
    LINE_CHARACTERS_MAX,
    MODEL_CHARACTERS_MAX,
    PERSON_CHARACTERS_MAX,
    REQUEST_CHARACTERS_MAX,
    SAID_CHARACTERS_MAX,
    SALT_BYTES,
    VALUE_CHARACTERS_MAX,
    clean,
)
from audit.masking import masked
from audit.models import Act, Kind
from possys.limits import client_of

Fields = Mapping[str, Mapping[str, str]]


class Who(NamedTuple):
    """Who acts, from where, by which request."""

    person_id: int | None
    person: str
    client: str = ""
    request: str = ""
    path: str = ""


class Thing(NamedTuple):
    """What an act is about: the model's label, the key, and what the object is called."""

    model: str = ""
    key: str = ""
    text: str = ""


NOTHING = Thing()


def who_asks(request: HttpRequest) -> Who:
    """The person of a request, signed in or not."""
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    return Who(
        person_id=user.pk if is_known and user is not None else None,
        person=user.get_username() if is_known and user is not None else "",
        client=client_of(request),
        request=str(getattr(request, "id", "")),
        path=request.path,
    )


def record(
    kind: Kind,
    who: Who,
    thing: Thing = NOTHING,
    *,
    fields: Fields | None = None,
    said: str = "",
    reason: str = "",
) -> None:
    """Adds one act to the log, in the caller's DB transaction if there is one. Raises DatabaseError."""
    Act(
        salt=secrets.token_bytes(SALT_BYTES),
        kind=kind,
        person_id=who.person_id,
        person=clean(who.person, PERSON_CHARACTERS_MAX),
        client=clean(who.client, CLIENT_CHARACTERS_MAX),
        request=clean(who.request, REQUEST_CHARACTERS_MAX),
        path=clean(masked(who.path), LINE_CHARACTERS_MAX),
        model=clean(thing.model, MODEL_CHARACTERS_MAX),
        key=clean(thing.key, KEY_CHARACTERS_MAX),
        text=clean(thing.text, LINE_CHARACTERS_MAX),
        fields=_cleaned(fields or {}),
        said=clean(masked(said), SAID_CHARACTERS_MAX),
        reason=clean(reason, LINE_CHARACTERS_MAX),
    ).save(force_insert=True)


def _cleaned(fields: Fields) -> dict[str, dict[str, Any]]:
    kept = {
        clean(name, KEY_CHARACTERS_MAX): {
            role: clean(masked(value), VALUE_CHARACTERS_MAX) for role, value in values.items()
        }
        for name, values in list(fields.items())[:FIELDS_MAX]
    }
    if len(fields) > FIELDS_MAX:
        kept["…"] = {"sent": f"{len(fields) - FIELDS_MAX} more fields"}
    return kept
