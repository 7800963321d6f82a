"""A small world with something at every address, and everybody who may come there."""

import zlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from analytics.peers.models import ChosenKind
from findings.evidence import GapEvidence
from findings.models import Finding
from fleet.tests.files import csv_of, kept
from fleet.tests.files import till as row_of_till
from ledger.backups.models import BackupRun
from ledger.feeding.tokens import issue
from ledger.log.checkpointer import catch_up
from ledger.log.models import ArchiveMove, Checkpoint, VerificationRun
from ledger.models import Block, EpochRaise, Head
from lottery.players.contacts import read_contact
from lottery.players.models import Barring
from lottery.players.operations import ask
from lottery.prizes.models import Claim
from lottery.review.models import Suspicion
from lottery.tests.factories import make_staff, published_draw
from portal.keys.operations import make_key
from portal.models import Membership
from possys.accounts.models import User
from possys.accounts.roles import RIGHTS, keep_roles
from possys.clock import now_ms, utc
from receipts.cases.models import Case, Photo
from receipts.cases.tests.conftest import REPORT, filled_in, picture
from receipts.watches.models import Mail, Watch
from receipts.watches.tokens import Purpose, token_of
from tests.access.document import EVERYBODY, OTHERS
from tests.cast import make_retail_cast
from tests.links import full_address
from tests.people import make_person, signed_in
from tests.tills import Till
from transactions.outages import Outage, declare

# The browsers that a table without a column for them takes together.
PEOPLE = (
    "anonymous", "stranger", "rival", "viewer", "store manager", "accountant", "owner",
    "staff without a role", *sorted(RIGHTS), "administrator",
)  # fmt: skip
# Of those whom a table has no column for, so many at each address, others at each.
OTHERS_ASKED = 3
PROGRAMS = ("till", "feed token", "rival's key", "viewer's key", "owner's key")


class World:
    """What is there: arguments of addresses by the beginning of their places, browsers, tokens."""

    def __init__(self) -> None:
        self.arguments: dict[tuple[str, str], str] = {}
        self.browsers: dict[str, Client] = {}
        self.tokens: dict[str, str] = {}
        self.requests = 0
        # One for all requests of programs: each new client would look for the site's static files anew.
        self.program = Client(raise_request_exception=False)

    def as_somebody(self, who: str) -> tuple[Client, dict[str, str]]:
        """A browser, and what a program sends besides."""
        if who in self.tokens:
            return self.program, {"Authorization": f"Bearer {self.tokens[who]}"}
        return self.browsers[who], {}

    def visitors_of(self, named: Sequence[str], *, place: str) -> list[str]:
        """Who is asked at an address: whoever has a column, nobody, and of all others one after the other."""
        assert set(named) <= {*PEOPLE, *PROGRAMS, OTHERS, EVERYBODY}, named
        asked = dict.fromkeys(["anonymous", *(who for who in named if who not in {OTHERS, EVERYBODY})])
        rest = [who for who in (*PEOPLE, *PROGRAMS) if who not in asked]
        turn = zlib.crc32(place.encode())
        return [*asked, *(rest[(turn + step * len(rest) // OTHERS_ASKED) % len(rest)] for step in range(OTHERS_ASKED))]

    def know(self, begin: str, **arguments: object) -> None:
        """Arguments of the addresses whose place begins so."""
        self.arguments |= {(begin, name): str(value) for name, value in arguments.items()}


def make_world(till: Till, flush_everything: Callable[[], Any]) -> World:
    """All of it; needs an empty ledger."""
    world = World()
    cache.clear()
    keep_roles()
    _people(world)
    world.tokens["till"] = till.token
    code = _recorded(till, flush_everything)
    _ledger(world, code)
    _customers(world, code)
    _lottery(world)
    _registry(world, till)
    catch_up()
    _pages_of_the_admin(world)
    for client in world.browsers.values():
        client.raise_request_exception = False
    return world


def _people(world: World) -> None:
    cast = make_retail_cast()
    world.browsers = {
        "anonymous": cast.anonymous,
        "stranger": cast.stranger,
        "rival": cast.rival,
        "viewer": cast.viewer,
        "store manager": cast.store_manager,
        "accountant": cast.accountant,
        "owner": cast.owner,
        "administrator": cast.staff,
        "staff without a role": signed_in(make_person("without-a-role")),
    }
    for role in RIGHTS:
        person = make_person(role)
        person.groups.set([Group.objects.get(name=role)])
        world.browsers[role] = signed_in(person)
    for who, name in (("rival's key", "rival"), ("viewer's key", "corner-viewer"), ("owner's key", "corner-owner")):
        member = Membership.objects.get(user__username=name)
        world.tokens[who] = make_key(member, name="test", now=utc(now_ms()))
    world.tokens["feed token"] = issue("tests", utc(now_ms()))
    owner = Membership.objects.get(user__username="corner-owner")
    viewer = Membership.objects.get(user__username="corner-viewer")
    world.know("portal/", retailer=cast.retailer.pk, membership=viewer.pk, key=owner.api_keys.get().pk, form="csv")
    world.know("portal/password/set/", uidb64="MQ", token="set-password")
    world.know("api/v1/retailers/", retailer=cast.retailer.pk)
    world.know("admin/accounts/user/", id=owner.user_id, person=owner.user_id)
    world.know("account/", uid="MQ", uidb64="MQ", token="set-password")
    AccessAttempt.objects.create(username="anna", ip_address="192.0.2.7", failures_since_start=1)
    ChosenKind.objects.create(store=cast.stores[0].pk, name="corner shop")
    now = utc(now_ms())
    at = now.isoformat()
    evidence = GapEvidence(
        extent=2,
        ranges=[(1, 2)],
        missing=2,
        seen_at=at,
        issued_after=at,
        issued_before=at,
        due_at=None,
        is_overdue=False,
    )
    Finding.objects.create(
        kind=Finding.Kind.GAP, retailer=cast.retailer.pk, store=cast.stores[0].pk, terminal=64, began_at=now,
        opened_at=now, updated_at=now, score=50,
        evidence=evidence.as_json(),
    )  # fmt: skip


def _recorded(till: Till, flush_everything: Callable[[], Any]) -> str:
    sale = till.sale(payments=[{"method": "cash", "amount": 5100}])
    code = str(till.send(sale).json()["code"])
    flush_everything()
    # The same number with other content, which is kept and marked.
    till.send({**sale, "operator": "8"})
    flush_everything()
    catch_up()
    return code


def _ledger(world: World, code: str) -> None:
    now = utc(now_ms())
    block, checkpoint = Block.objects.first(), Checkpoint.objects.first()
    assert block is not None
    assert checkpoint is not None
    ArchiveMove.objects.create(day=now.date(), blocks=0, records=0, bytes=0, file_name="x", moved_at=now)
    VerificationRun.objects.create(
        started_at=now, ended_at=now, scope="all", log_size=0, blocks=0, records=0, entries=0, fault_count=0
    )
    BackupRun.objects.create(
        kind=BackupRun.Kind.BACKUP, started_at=now, ended_at=now, is_well=True, name="x", bytes=1, said="x"
    )
    assert EpochRaise.objects.exists()
    assert Head.objects.exists()
    world.know("admin/ledger/block/", day=block.sealed_on.isoformat(), shard=block.shard, number=block.number)
    world.know("api/v1/", code=code, size=checkpoint.size, shard=block.shard)
    world.know("log/", level=0, path=f"000.p/{checkpoint.size}")


def _customers(world: World, code: str) -> None:
    ending = full_address(code).strip("/")
    sent = Client().post(REPORT, filled_in(what="The amount is wrong.", code=code))
    _, _, number, secret = sent["Location"].split("/")
    case = Case.objects.get(number=number)
    Photo.objects.create(case=case, content=picture().read(), width=1, height=1)
    original, day = 1, utc(now_ms()).date()
    watch = Watch.objects.create(
        code=code, original=original, original_on=day, address="jana@example.org", mailbox="jana@example.org",
        language="en", asked_at=utc(now_ms()),
    )  # fmt: skip
    Mail.objects.create(watch=watch, kind=Mail.Kind.CONFIRM, written_at=utc(now_ms()), due_at=utc(now_ms()))
    world.know("", code=code, ending=ending, number=number, secret=secret)
    world.know("^[Ee]", code="0123456789ABCDEF")
    world.know("watch/confirm", token=token_of(watch.pk, Purpose.CONFIRM))
    world.know("watch/remove", token=token_of(watch.pk, Purpose.REMOVE))
    world.know("admin/receipts/case/", pk=case.pk)


def _lottery(world: World) -> None:
    draw = published_draw(3)
    win = draw.wins.order_by("number").first()
    assert win is not None
    now = utc(now_ms())
    Claim.objects.create(win=win, payee="Jana", account="CZ6508000000192000145399", claimed_at=now)
    player = win.entry.player
    assert player is not None
    anna = make_staff("anna")
    Barring.objects.create(player_key=player.pk, is_barred=True, reason="x", by=anna, at=now)
    Suspicion.objects.create(player=player, draw=draw, score=10, signals=[], computed_at=now)
    asked = ask(read_contact("jana@example.org"), "en", now)
    world.know("lottery/", number=draw.number, entry=win.entry_id, win=win.pk, confirmation=asked.pk)


def _registry(world: World, till: Till) -> None:
    now = utc(now_ms())
    declare(kind=Outage.Kind.DEGRADED, began_at=now - timedelta(hours=1), reason="a fire", by="staff anna", now=now)
    run = kept(csv_of([row_of_till()]))
    world.know("admin/fleet/import/", number=run.pk, what="faults")
    world.know("api/v1/transactions", terminal=till.number, sequence=1)
    world.know("^[Oo]", text=f"{till.number}.900.{now - timedelta(hours=2):%y%m%d%H%M}.5100")


def _pages_of_the_admin(world: World) -> None:
    """A row of every register; where there is none, Django's own pages lead to the start."""
    world.know("admin/", app_label="transactions", url="no-such-page", content_type_id=1, object_id=1)
    for model in admin.site._registry:
        place = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
        first = model._default_manager.first() if model._meta.managed else None
        if first is not None:
            world.know(place, object_id=first.pk)
    owner = User.objects.get(username="corner-owner")
    world.know("admin/accounts/user/", object_id=owner.pk)
