"""How far a player's part in a draw looks like strangers' receipts, as points with their evidence. Pure.

Points are a reviewer's order of work and decide nothing. Every threshold leaves a large household alone; caps hold
without any of this (lottery/entries).
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple, TypeVar

# In a household a receipt or two a week is scanned by two.
CONTESTS_FREE = 8
CONTEST_POINTS, CONTEST_POINTS_MAX = 2, 40
# Passing receipts around in a family; more than five players are none.
RING_FREE = 5
RING_POINTS, RING_POINTS_MAX = 5, 40
# One receipt in two hands can be an accident: only pairs with two are held to belong together.
RING_PAIR_MIN = 2
# A family's tablet, with the grandparents.
DEVICE_PLAYERS_FREE = 5
DEVICE_POINTS, DEVICE_POINTS_MAX = 8, 60
# Offices, hotels and mobile carriers bring hundreds into one network, so this never fills the queue by itself.
NETWORK_PLAYERS_FREE = 20
NETWORK_POINTS_MAX = 5
NETWORK_PLAYERS_A_POINT = 10
# A month's receipts of a household, typed in one evening: some twenty, in more than ten minutes.
BURST_MINUTES = 10
BURST_FREE = 20
BURST_POINTS_MAX = 30
# Twenty receipts of one household come from perhaps ten stores.
HOUR_STORES_FREE = 15
HOUR_STORE_POINTS, HOUR_STORE_POINTS_MAX = 2, 30
# More than one new store a day, all month.
STORES_A_MONTH_FREE = 40
STORES_A_POINT = 2
STORE_POINTS_MAX = 20
MONTH_DAYS = 31
# The rules' cap is above what households buy; who lives just below it knows it well.
CAP_PERCENT = 90
CAP_POINTS = 10
# Receipts that were found in bins are old and of many stores. A household enters old ones too, of its own few stores.
LATE_DAYS = 14
LATE_FREE = 20
LATE_STORES_FREE = 10
LATE_POINTS_MAX = 20
# Whoever takes part so often would have the tag scanned; a pile of others' receipts cannot.
ONLY_PAGE_FREE = 100
ONLY_PAGE_POINTS = 5
# Below this, nobody looks: one weak signal by itself.
SCORE_MIN = 10
# What the column holds; far above the sum of all that is bounded here.
SCORE_MAX = 999

Kind = Literal["contests", "ring", "device", "network", "burst", "hour-stores", "stores", "cap", "late", "only-page"]
Player = TypeVar("Player", bound=Hashable)


class Facts(NamedTuple):
    """What the tables say of one player in one draw; 0 where it stays below its threshold or was not asked."""

    # Receipts entered on the site, and by tag.
    paged: int = 0
    tagged: int = 0
    stores: int = 0
    # The most that was entered within BURST_MINUTES, and the most stores within an hour of the clock.
    burst: int = 0
    hour_stores: int = 0
    # Receipts that this player and another one both wanted, and the players who are connected by such receipts.
    contests: int = 0
    ring: int = 0
    # Players on the most crowded of this player's devices, and in a network within a day.
    device_players: int = 0
    network_players: int = 0
    # Tickets in the fullest month.
    month_tickets: int = 0
    # Receipts entered on the site LATE_DAYS after their issue or later, and their stores.
    late: int = 0
    late_stores: int = 0


class Frame(NamedTuple):
    """What of a draw's rules the thresholds depend on."""

    first_day: date
    last_day: date
    monthly_tickets_max: int

    @property
    def months(self) -> int:
        """How many months the receipts are of, at least one."""
        return -(-((self.last_day - self.first_day).days + 1) // MONTH_DAYS)


class Signal(NamedTuple):
    """One thing that is out of the ordinary, with its points and a sentence for the reviewer."""

    kind: Kind
    points: int
    evidence: str


def signals_of(facts: Facts, frame: Frame) -> list[Signal]:
    """All signals of a player, the weightiest first."""
    found = [*_of_people(facts), *_of_entries(facts, frame)]
    return sorted((signal for signal in found if signal.points > 0), key=lambda signal: -signal.points)


def score_of(signals: Iterable[Signal]) -> int:
    """Their points together."""
    return min(SCORE_MAX, sum(signal.points for signal in signals))


def _of_people(facts: Facts) -> Iterable[Signal]:
    """Whom the player is seen with."""
    if facts.contests > CONTESTS_FREE:
        points = min(CONTEST_POINTS_MAX, CONTEST_POINTS * facts.contests)
        yield Signal("contests", points, f"{facts.contests} receipts were wanted by this player and by others.")
    if facts.ring > RING_FREE:
        points = min(RING_POINTS_MAX, RING_POINTS * (facts.ring - RING_FREE))
        yield Signal("ring", points, f"{facts.ring} players are connected by receipts that they passed around.")
    if facts.device_players > DEVICE_PLAYERS_FREE:
        points = min(DEVICE_POINTS_MAX, DEVICE_POINTS * (facts.device_players - DEVICE_PLAYERS_FREE))
        yield Signal("device", points, f"{facts.device_players} players came from one of this player's devices.")
    if facts.network_players > NETWORK_PLAYERS_FREE:
        points = -(-(facts.network_players - NETWORK_PLAYERS_FREE) // NETWORK_PLAYERS_A_POINT)
        evidence = f"{facts.network_players} players came from one of this player's networks in a day (weak)."
        yield Signal("network", min(NETWORK_POINTS_MAX, points), evidence)


def _of_entries(facts: Facts, frame: Frame) -> Iterable[Signal]:
    """Which receipts the player enters, and how."""
    if facts.burst > BURST_FREE:
        points = min(BURST_POINTS_MAX, facts.burst - BURST_FREE)
        yield Signal("burst", points, f"{facts.burst} receipts were entered within {BURST_MINUTES} minutes.")
    if facts.hour_stores > HOUR_STORES_FREE:
        points = min(HOUR_STORE_POINTS_MAX, HOUR_STORE_POINTS * (facts.hour_stores - HOUR_STORES_FREE))
        yield Signal("hour-stores", points, f"Receipts of {facts.hour_stores} stores were entered within an hour.")
    if (above := facts.stores - STORES_A_MONTH_FREE * frame.months) > 0:
        points = min(STORE_POINTS_MAX, -(-above // STORES_A_POINT))
        yield Signal("stores", points, f"The receipts are of {facts.stores} stores, more than a household goes to.")
    if facts.month_tickets >= cap_threshold(frame.monthly_tickets_max):
        evidence = f"{facts.month_tickets} tickets in a month, of {frame.monthly_tickets_max} that the rules allow."
        yield Signal("cap", CAP_POINTS, evidence)
    if facts.late > LATE_FREE and facts.late_stores > LATE_STORES_FREE:
        evidence = f"{facts.late} receipts of {facts.late_stores} stores were entered {LATE_DAYS} days late or more."
        yield Signal("late", min(LATE_POINTS_MAX, facts.late - LATE_FREE), evidence)
    if facts.paged > ONLY_PAGE_FREE and not facts.tagged:
        yield Signal("only-page", ONLY_PAGE_POINTS, f"{facts.paged} receipts by the site and none by the tag (weak).")


def cap_threshold(monthly_tickets_max: int) -> int:
    """From so many tickets in a month on, a player is close to the cap."""
    return -(-monthly_tickets_max * CAP_PERCENT // 100)


def contests_of(pairs: Mapping[tuple[Player, Player], int]) -> dict[Player, int]:
    """How many receipts each player and another one both wanted; a pair stands there in both orders together."""
    found: Counter[Player] = Counter()
    for (one, other), receipts in pairs.items():
        found[one] += receipts
        found[other] += receipts
    return dict(found)


def rings_of(pairs: Mapping[tuple[Player, Player], int]) -> dict[Player, int]:
    """How many players each is connected with, itself included, by pairs of RING_PAIR_MIN receipts or more."""
    linked: Counter[frozenset[Player]] = Counter()
    for (one, other), receipts in pairs.items():
        linked[frozenset((one, other))] += receipts
    above: dict[Player, Player] = {}

    def top(player: Player) -> Player:
        while (next_above := above.setdefault(player, player)) != player:
            above[player] = above[next_above]
            player = next_above
        return player

    for pair, receipts in linked.items():
        if receipts >= RING_PAIR_MIN and len(pair) > 1:
            one, other = pair
            above[top(one)] = top(other)
    sizes = Counter(top(player) for player in list(above))
    return {player: sizes[top(player)] for player in list(above)}
