"""Draws, players and entries for tests, made through the same operations as in the product where those are quick."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

from ledger.log.checkpointer import catch_up
from lottery.draws import operations
from lottery.draws.drawing import SALT_BYTES
from lottery.draws.models import Draw, Prize
from lottery.entries.models import Entry, TakenBack
from lottery.players.models import Player
from possys import clock
from possys.accounts.models import User

_numbers = count(1)
MINUTE = timedelta(minutes=1)


def now() -> datetime:
    """The moment."""
    return clock.utc(clock.now_ms())


def make_staff(name: str) -> User:
    """Somebody of the staff who may do everything."""
    found, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True, "is_superuser": True})
    return found


def make_draw(
    prizes: Sequence[tuple[str, int, int]] = (("Car", 50_000_000, 1), ("Voucher", 50_000, 3)), **changes: Any
) -> Draw:
    """A draft over the last month, entries for ten more minutes; prizes are (name, amount in minor units, count)."""
    moment = changes.pop("now", None) or now()
    fields: dict[str, Any] = {
        "number": (Draw.objects.order_by("-number").values_list("number", flat=True).first() or 0) + 1,
        "name": "Autumn draw",
        "first_day": (moment - timedelta(days=31)).date(),
        "last_day": moment.date(),
        "entries_until": moment + 10 * MINUTE,
        "freezes_at": moment + 11 * MINUTE,
        "draws_at": moment + 12 * MINUTE,
        "currency": "CZK",
        "minimum_total": 1000,
        "mode": Draw.Mode.COMMIT_REVEAL,
    }
    draw = Draw.objects.create(**{**fields, **changes})
    Prize.objects.bulk_create(
        Prize(draw=draw, rank=rank, name=name, amount=amount, count=number)
        for rank, (name, amount, number) in enumerate(prizes, 1)
    )
    return draw


def open_draw_now(**changes: Any) -> Draw:
    """A draw that two people have opened."""
    moment = changes.get("now") or now()
    draw = make_draw(**changes)
    operations.approve_opening(draw, make_staff("anna"), moment)
    operations.approve_opening(draw, make_staff("boris"), moment)
    draw.refresh_from_db()
    return draw


def make_player(**changes: Any) -> Player:
    """A player with a confirmed address."""
    number = next(_numbers)
    contact = changes.pop("contact", f"player{number}@example.org")
    fields: dict[str, Any] = {
        "kind": "mail",
        "contact": contact,
        "contact_key": sha256(contact.encode()).digest(),
        "language": "en",
        "tag": f"L{number:011d}",
        "confirmed_at": now(),
        "seen_at": now(),
    }
    return Player.objects.create(**{**fields, **changes})


def make_entry(draw: Draw, player: Player | None = None, **changes: Any) -> Entry:
    """A receipt that takes part, of no sale in the ledger unless its identity and code are given."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "identity": number,
        "issued_on": date.fromisoformat(draw.rules.first_day) if draw.rules_text else draw.first_day,
        "code": f"TEST-{number // 10**8:04d}-{number // 10**4 % 10**4:04d}-{number % 10**4:04d}",
        "retailer": 1,
        "store": 1,
        "total": 5100,
        "tickets": 1,
        "salt": secrets.token_bytes(SALT_BYTES),
        "source": Entry.Source.PAGE,
        "entered_at": now(),
    }
    return Entry.objects.create(draw=draw, player=player, **{**fields, **changes})


def take_back(entry: Entry) -> None:
    """As if the feed had brought a refund of the entry's sale."""
    TakenBack.objects.create(
        shard=0, block=next(_numbers), position=0, original=entry.identity, original_on=entry.issued_on,
        retailer=entry.retailer,
    )  # fmt: skip


def complete_feed(moment: datetime) -> None:
    """As if the lottery had been fed everything up to a moment."""
    from ledger.feeding.models import Cursor
    from lottery.entries.collecting import CONSUMER
    from transactions.stream import SHARD_COUNT

    Cursor.objects.filter(consumer=CONSUMER).delete()
    Cursor.objects.bulk_create(
        Cursor(consumer=CONSUMER, shard=shard, complete_to=moment) for shard in range(SHARD_COUNT)
    )


def frozen_draw(entries: int = 20, **changes: Any) -> Draw:
    """A draw whose list is frozen and stated in the log, with so many receipts of one player each. Needs `ledger`."""
    draw = open_draw_now(**changes)
    for _ in range(entries):
        make_entry(draw, make_player())
    return freeze_now(draw)


def freeze_now(draw: Draw) -> Draw:
    """Freezes an open draw as soon as its rules allow it, and has the log sign that."""
    complete_feed(draw.freezes_at)
    operations.freeze(draw, draw.freezes_at)
    catch_up()
    draw.refresh_from_db()
    return draw


def drawn_draw(entries: int = 20, **changes: Any) -> Draw:
    """A commit-reveal draw that was held and is not published."""
    draw = frozen_draw(entries, **changes)
    operations.draw_winners(draw, draw.draws_at)
    draw.refresh_from_db()
    return draw


def publish_now(draw: Draw, moment: datetime | None = None) -> Draw:
    """Two people publish a draw that was held."""
    moment = moment or draw.draws_at + MINUTE
    operations.approve_publication(draw, make_staff("anna"), moment)
    operations.approve_publication(draw, make_staff("boris"), moment)
    draw.refresh_from_db()
    return draw


def published_draw(entries: int = 20, **changes: Any) -> Draw:
    """A commit-reveal draw with its result. Needs `ledger`."""
    return publish_now(drawn_draw(entries, **changes))


BEACON_ROUND = 1000
# When drand's quicknet signed that round.
BEACON_TIME = datetime(2023, 8, 23, 15, 59, 24, tzinfo=UTC)
BEACON_ANSWER = (
    '{"round":1000,"randomness":"fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd","signature":'
    '"b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"}'
)
