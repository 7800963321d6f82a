"""The demo's lottery, for local work: a draw that is held within two minutes, one to take part in, one to be opened.

    draw 1   receipts of the last weeks and of now; two of the demo's staff open and publish it; one prize is paid
    draw 2   open for ten days; whoever runs the demo can enter a receipt of the live sales; a ring to be reviewed
    draw 3   a draft that waits for two people

All of it goes through the operations that the pages use. Again it changes nothing, and goes on where it was stopped.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import cycle
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.db import transaction

from ledger.models import Entry as LedgerEntry
from lottery.demo_receipts import code_of_row, refunded_pair, some_rows
from lottery.draws import drafts, operations
from lottery.draws.errors import DrawError
from lottery.draws.models import Draw, Prize
from lottery.entries.models import Entry as LotteryEntry
from lottery.entries.operations import ENTERABLE, enter
from lottery.players import operations as players
from lottery.players.codes import code_of
from lottery.players.contacts import keyed_now, read_contact
from lottery.players.models import Player
from lottery.prizes.claiming import Payee, claim
from lottery.prizes.models import Win
from lottery.prizes.paying import approve_payout, export_payouts, mark_paid
from lottery.review.models import Suspicion
from lottery.review.operations import look
from possys.accounts.models import User
from receipts.queries import find_receipt

STAFF = (("anna", "prepares draws and payouts"), ("boris", "checks and approves them"))
PASSWORD_BYTES = 9
FIRST, SECOND, THIRD = "Last month's draw", "This month's draw", "Next month's draw"
# Draw 1: time enough to enter its receipts, and for a checkpoint of the log behind its freeze.
ENTER, FREEZE, HOLD = timedelta(seconds=45), timedelta(seconds=47), timedelta(seconds=75)
OPEN_FOR = timedelta(days=10)
PRIZES = (("Grand prize", 1_000_000, 1), ("Shopping voucher", 10_000, 3), ("Coffee", 500, 20))
PLAYERS, RING = 40, 8
# Accounts that pass the same receipts around, which a reviewer is to find.
RING_RECEIPTS = 12
PAYEES = (
    Payee("Ada Example", "DE89370400440532013000"),
    Payee("Ben Example", "CZ6508000000192000145399"),
    Payee("Cleo Example", "GB82WEST12345698765432"),
)
# A receipt that was bought at the front desk and given back: as many drop out at the freeze.
GIVEN_BACK = 3


class Login(NamedTuple):
    """A demo login with its password in clear."""

    username: str
    password: str
    role: str


@transaction.atomic
def demo_staff() -> list[Login]:
    """Two people with all rights of the lottery and a new password; none unless the settings say local work."""
    if not settings.LOCAL_WORK:
        return []
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    encoded = make_password(password)
    rights = list(Permission.objects.filter(content_type__app_label="lottery"))
    for name, _ in STAFF:
        user, _ = User.objects.get_or_create(username=name)
        user.is_staff, user.password = True, encoded
        user.save()
        user.user_permissions.add(*rights)
    return [Login(name, password, f"lottery: {role}") for name, role in STAFF]


def is_wanted() -> bool:
    """Whether there is anything to do: in local work, and unless somebody has made draws of their own."""
    own = Draw.objects.filter(name=SECOND, number=2).exists()
    return settings.LOCAL_WORK and (own or not Draw.objects.exists())


def open_first(now: datetime) -> None:
    """Makes and opens draw 1, which begins its minute."""
    if not Draw.objects.filter(name=FIRST).exists():
        dates = [now + ENTER, now + FREEZE, now + HOLD]
        _open(_draft(1, FIRST, now - timedelta(days=28), now, dates), now)


def open_second(now: datetime) -> None:
    """Makes and opens draw 2, and drafts the third."""
    if not Draw.objects.filter(name=SECOND).exists():
        ends = now + OPEN_FOR
        dates = [ends, ends + timedelta(hours=1), ends + timedelta(hours=13)]
        _open(_draft(2, SECOND, now - timedelta(days=6), ends - timedelta(days=1), dates), now)
    if not Draw.objects.filter(name=THIRD).exists():
        third = drafts.copy(Draw.objects.get(name=SECOND), now)
        Draw.objects.filter(pk=third.pk).update(name=THIRD)


def _draft(number: int, name: str, first: datetime, last: datetime, dates: list[datetime]) -> Draw:
    draw = Draw.objects.create(
        number=number, name=name, first_day=first.date(), last_day=last.date(), entries_until=dates[0],
        freezes_at=dates[1], draws_at=dates[2], currency="USD", minimum_total=500, mode=Draw.Mode.COMMIT_REVEAL,
        ticket_each=500, double_methods=["card"],
    )  # fmt: skip
    Prize.objects.bulk_create(
        Prize(draw=draw, rank=rank, name=prize, amount=amount, count=count)
        for rank, (prize, amount, count) in enumerate(PRIZES, 1)
    )
    return draw


def _open(draw: Draw, now: datetime) -> None:
    for user in _staff():
        operations.approve_opening(draw, user, now)


def _staff() -> list[User]:
    return [User.objects.get(username=name) for name, _ in STAFF]


def take_part(clock: Callable[[], datetime], url: str) -> None:
    """Enters real receipts for invented players while draw 1 takes them, some of which are given back."""
    first = Draw.objects.get(name=FIRST)
    if clock() >= first.entries_until or first.entries.exists():
        return
    people = [player_named(f"player{number}", clock()) for number in range(1, PLAYERS + 1)]
    for player in people[:GIVEN_BACK]:
        bought = refunded_pair(url, clock)
        if (finding := bought.sold()) is not None:
            enter(finding, player, clock())
            bought.give_back()
    passed_around = set(LotteryEntry.objects.values_list("identity", flat=True))
    rows = (row for row in some_rows(first.first_day, first.last_day) if row.identity not in passed_around)
    _enter_all(rows, people, clock, first.entries_until)


def _enter_all(
    rows: Iterable[LedgerEntry], people: list[Player], clock: Callable[[], datetime], until: datetime
) -> None:
    for row, player in zip(rows, cycle(people), strict=False):
        if clock() >= until:
            return
        finding = find_receipt(code_of_row(row))
        if finding.state in ENTERABLE:
            enter(finding, player, clock())


def make_ring(clock: Callable[[], datetime]) -> None:
    """Accounts on one device that pass the same receipts around in draw 2."""
    second = Draw.objects.get(name=SECOND)
    if Suspicion.objects.filter(draw=second).exists() or clock() >= second.entries_until:
        return
    ring = [player_named(f"ring{number}", clock()) for number in range(1, RING + 1)]
    rows = list(some_rows(second.first_day, clock().date()))
    for player in ring:
        players.note_sighting(player, keyed_now("device:demo ring"), keyed_now("network:demo ring"), clock())
    for row in rows[:RING_RECEIPTS]:
        finding = find_receipt(code_of_row(row))
        for player in ring if finding.state in ENTERABLE else ():
            enter(finding, player, clock())
    look(second, clock())


def player_named(name: str, now: datetime) -> Player:
    """The player with this invented address, who has typed the code that was sent to it."""
    contact = read_contact(f"{name}@lottery.example")
    known = Player.objects.filter(contact_key=contact.key).first()
    if known is not None:
        return known
    asked = players.ask(contact, "en", now)
    return players.confirm(asked.pk, code_of(asked.pk), now)


def go_on(now: datetime) -> bool:
    """The next step of draw 1 that is due; answers whether there is more to come. DrawError: it waits."""
    draw = Draw.objects.get(name=FIRST)
    if draw.state == Draw.State.OPEN:
        if now >= draw.freezes_at:
            if now >= operations.seed_time(draw):
                # The machine slept, or was busy: nobody may draw from a list that was frozen after its seed.
                operations.postpone(draw, now + timedelta(seconds=30), _staff()[0], "the demo was stopped", now)
            operations.freeze(draw, now)
    elif draw.state == Draw.State.FROZEN:
        operations.draw_winners(draw, now)
    elif draw.state == Draw.State.DRAWN:
        for user in _staff():
            operations.approve_publication(draw, user, now)
    else:
        pay_some(draw, now)
        return False
    return True


def pay_some(draw: Draw, now: datetime) -> None:
    """Three winners claim: the first is paid, the second waits for another person's approval."""
    if Win.objects.filter(draw=draw).exclude(state=Win.State.TOLD).filter(claim__isnull=False).exists():
        return
    anna, boris = _staff()
    told = list(Win.objects.filter(draw=draw, state=Win.State.TOLD).select_related("entry__player").order_by("number"))
    for win, payee in zip(told, PAYEES, strict=False):
        if win.entry.player is not None:
            claim(win, win.entry.player, payee, now)
    if len(told) < len(PAYEES):
        raise DrawError("too few winners to show claims")
    approve_payout(told[0], anna, now)
    approve_payout(told[0], boris, now)
    mark_paid(export_payouts([told[0]], anna, now).content, now)
    approve_payout(told[1], anna, now)
