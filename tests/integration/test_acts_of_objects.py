"""Every page of one object in the admin, whoever made it, leads those who may to the acts on this object."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
import redis

from audit.models import Kind
from tests.access.filling import path_of
from tests.access.world import World, make_world
from tests.addresses import Address, every_address
from tests.tills import Till

LINK = re.compile(r'href="(/admin/audit/act/\?of=[^"]+)"[^>]*>\s*<span[^>]*>\s*policy\s*</span>\s*Acts\s*</a>')
# An act's page has the way to all acts on the act's object; who read the act itself is asked of the list.
# A password is a person's own.
WITHOUT = {"audit_act_change", "password_change"}
# Pages of objects whose addresses are not Django's own.
OTHERS = {"ledger_block_page"}


@pytest.fixture
def world(ledger: redis.Redis, till: Till, flush_everything: Callable[[], Any]) -> World:
    return make_world(till, flush_everything)


def pages_of_objects(world: World) -> dict[str, str]:
    """The addresses by their names."""

    def is_one(address: Address) -> bool:
        name = address.name or ""
        return address.place.startswith("admin/") and (name.endswith("_change") or name in OTHERS)

    found = {str(one.name): path_of(one, world.arguments) for one in every_address() if is_one(one)}
    entry = f"/admin/ledger/entry/?code={world.arguments['', 'code'].lower()}"
    return {"an entry": entry, **{name: path for name, path in found.items() if path and name not in WITHOUT}}


def test_every_page_of_an_object_leads_to_the_acts_on_it(world: World) -> None:
    auditor = world.browsers["auditor"]
    wrong, seen = [], 0
    for name, path in pages_of_objects(world).items():
        page = auditor.get(path)
        if page.status_code != 200:
            continue
        seen += 1
        links = LINK.findall(page.content.decode())
        if len(links) != 1:
            wrong.append(f"{name}: {path} has {len(links)} links to acts")
            continue
        newest = auditor.get(html.unescape(links[0])).context["cl"].result_list[0]
        if (newest.person, newest.kind, newest.path) != ("auditor", Kind.LOOKED_AT, path.partition("?")[0]):
            wrong.append(f"{name}: {links[0]} does not list that {path} was just looked at")
    assert not wrong, "\n".join(["", *wrong])
    assert seen > 20


def test_whoever_may_not_read_acts_sees_no_link(world: World) -> None:
    support = world.browsers["support"]
    case = world.arguments["admin/receipts/case/", "object_id"]
    page = support.get(f"/admin/receipts/case/{case}/change/")
    assert page.status_code == 200
    assert not LINK.findall(page.content.decode())
