"""Every address of the site, asked as everybody: the answers are those of the tables in docs/access.md.

The addresses come from the resolver, the expectations from the document: neither a new address nor a new line of the
document can be forgotten here. Faults are gathered, so that one run names all.
"""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import connection, transaction
from django.template.backends.django import Template
from django.test import Client

from receipts import timing
from tests.access.document import Answer, Table, read_tables
from tests.access.filling import path_of
from tests.access.world import PROGRAMS, World, make_world
from tests.addresses import Address, every_address
from tests.tills import Till

# A form that is sent changes these whoever sends it: what was done, who is signed in, what counts against limits.
KEPT_OF_EVERYBODY = ("audit_act", "accounts_session", 'SET "last_used_on"')
LOGINS = ("/login/", "/lottery/sign-in")
# They change whoever asks themselves, or end the session.
OWN = frozenset({"password_change", "logout", "login"})


@pytest.fixture
def world(
    ledger: redis.Redis, till: Till, flush_everything: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> World:
    """Something at every address, and a browser or a token for everybody."""
    made = make_world(till, flush_everything)
    # What a page looks like is tested elsewhere, by people who look at it; here it only takes time.
    monkeypatch.setattr(Template, "render", lambda *args, **kwargs: "")
    monkeypatch.setattr(timing, "hold", lambda *args: None)
    return made


def answered(world: World, who: str, method: str, path: str, **asked: Any) -> Any:
    """The answer; whatever it changed is taken back."""
    client, headers = world.as_somebody(who)
    kept = client.cookies.copy()
    world.requests += 1
    address = f"10.{world.requests >> 16 & 255}.{world.requests >> 8 & 255}.{world.requests & 255}"
    try:
        with transaction.atomic():
            response = client.generic(method, path, headers=headers, REMOTE_ADDR=address, **asked)
            if getattr(response, "streaming", False):
                response.close()
            transaction.set_rollback(True)
    finally:
        client.cookies = kept  # type: ignore[assignment]
    return response


def shown(response: Any) -> Answer:
    """An answer in the words of the document."""
    status, location = response.status_code, response.headers.get("Location", "")
    if status in {301, 302, 303, 307} and location.partition("?")[0].endswith(LOGINS):
        return Answer.LOGIN
    return Answer.of_status(status)


def line_for(tables: list[Table], address: Address) -> tuple[Table, Any] | None:
    """The first line of the document that is about the address."""
    for table in tables:
        for line in table.lines:
            if line.is_about(address.place):
                return table, line
    return None


def test_every_address_answers_everybody_as_it_is_written(world: World) -> None:
    tables = read_tables()
    wrong: list[str] = []
    used: set[str] = set()
    for address in every_address():
        found = line_for(tables, address)
        if found is None:
            wrong.append(f"{address.place}: no line of docs/access.md is about it")
            continue
        table, line = found
        used.add(line.text)
        path = path_of(address, world.arguments)
        if path is None:
            wrong.append(f"{address.place}: nothing to fill its arguments with (tests/access)")
            continue
        cache.clear()
        for who in world.visitors_of(table.visitors, place=address.place):
            answer = shown(answered(world, who, "GET", path))
            # Outside the API nobody reads a token.
            expected = line.answer_for(who, is_anonymous=who in PROGRAMS and "api/" not in address.place)
            if not expected.accepts(answer):
                wrong.append(f"{path} ({address.place}) answers {who} “{answer.value}”, not “{expected.value}”")
    wrong += [f"docs/access.md: no address for {line.text}" for table in tables for line in table.lines
              if line.text not in used]  # fmt: skip
    assert not wrong, "\n".join(["", *wrong])


def test_forms_need_their_token_and_change_nothing_for_whoever_only_reads(world: World) -> None:
    wrong: list[str] = []
    places = [(address, path_of(address, world.arguments)) for address in every_address()]
    careful = {who: Client(enforce_csrf_checks=True) for who in ("owner", "administrator")}
    for who, client in careful.items():
        client.cookies = world.browsers[who].cookies.copy()  # type: ignore[assignment]
    for address, path in places:
        assert path is not None
        cache.clear()
        if address.place.startswith(("admin/", "portal/", "account/")):
            # Before any view is asked, so that none can forget it.
            for who, client in careful.items():
                with transaction.atomic():
                    status = client.post(path, {"name": "x"}).status_code
                    transaction.set_rollback(True)
                if status != 403:
                    wrong.append(f"POST {path} without a token answers {who} {status}")
        if address.place.startswith("admin/") and address.name not in OWN:
            wrong += _writes(world, "auditor", path) + _writes(world, "staff without a role", path)
        elif address.place.startswith("portal/<int:retailer>/"):
            wrong += _writes(world, "rival", path) + _writes(world, "stranger", path)
        elif address.place.startswith("api/v1/retailers/"):
            wrong += _writes(world, "rival's key", path)
    assert not wrong, "\n".join(["", *wrong])


def _writes(world: World, who: str, path: str) -> list[str]:
    """What a form that somebody sends changes."""
    said: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        word = sql.lstrip(" (").partition(" ")[0].upper()
        if word in {"INSERT", "UPDATE", "DELETE"} and not any(table in sql for table in KEPT_OF_EVERYBODY):
            said.append(sql[:100])
        return execute(sql, params, many, context)

    body = {"post": "yes", "name": "x", "reason": "x", "state": "closed", "action": "delete_selected", "confirmed": "1"}
    with connection.execute_wrapper(watch):
        encoded = "&".join(f"{name}={value}" for name, value in body.items())
        answered(world, who, "POST", path, data=encoded, content_type="application/x-www-form-urlencoded")
    return [f"POST {path} as {who} runs {sql}" for sql in said]
