"""The demo's past: the same receipts in every load, each taken by capture, none sent twice, none missing."""

import io
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from possys import receipt_keys
from transactions.faults import read_sale
from transactions.replay.acknowledgements import AcknowledgementFile
from transactions.replay.delivery import Delivery
from transactions.replay.history.book import WEEKS_MAX, Book, begin_book, lengthen, read_book
from transactions.replay.history.gateways import (
    BATCH_RECEIPTS,
    BEHIND_RECEIPTS,
    Gateway,
    gateways_of,
    in_order_of_sending,
)
from transactions.replay.history.happenings import Kind
from transactions.replay.history.loader import Loader, RefusedError
from transactions.replay.history.progress import AlreadyLoadingError, Progress, only_loader
from transactions.replay.history.receipts import Receipts
from transactions.replay.history.screen import Screen
from transactions.replay.lanes import StoreTills
from transactions.replay.sequences import SEQUENCES_NAME, Sequences
from transactions.replay.source import DAY_S, Year, clock_s, issued_at, store_traffic
from transactions.replay.tally import Tally
from transactions.tests.far_side import FarSide

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
REGISTRY = "registry of the test"
ANCIENT_S = clock_s(NOON - timedelta(days=386))
# A quarter of the year's baskets are in these.
STORES = list(store_traffic())[:16]
TILLS = {store: [64 * (1 + 3 * place + till) for till in range(3)] for place, store in enumerate(STORES)}
# Two retailers share the stores.
GATEWAYS = {
    store: StoreTills(1 + place % 2, f"token {1 + place % 2}", tuple((till, "") for till in TILLS[store]))
    for place, store in enumerate(STORES)
}


@pytest.fixture(scope="module")
def book(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A whole year, begun at noon."""
    made = begin_book(REGISTRY, NOON, TILLS)
    lengthen(made, tmp_path_factory.mktemp("history"), weeks=WEEKS_MAX, year=year, oldest_s=ANCIENT_S)
    return made


@pytest.fixture(scope="module")
def whole(year: Year, book: Book) -> Receipts:
    """Its receipts."""
    return receipts_of(year, book, 0)


def receipts_of(year: Year, book: Book, place: int) -> Receipts:
    part = book.parts[place]
    rows = book.happenings(year, part.after_s, part.until_s)
    sequences = rows.sequences({terminal: first for terminal, (first, _) in part.numbers.items()})
    return Receipts(year, rows, sequences, receipt_keys.table())


def sample(receipts: Receipts) -> list[int]:
    """Some hundred sales, and every tenth of what takes a sale back."""
    kinds = receipts.happenings.kinds
    sales = np.flatnonzero(kinds == Kind.SALE)
    return [*sales[:: len(sales) // 300].tolist(), *np.flatnonzero(kinds != Kind.SALE)[::4].tolist()]


def read(receipts: Receipts, place: int) -> Any:
    return read_sale(receipts.receipt(place).body)


def test_every_basket_is_sold_once_and_some_are_taken_back(year: Year, whole: Receipts) -> None:
    rows = whole.happenings
    sold = rows.baskets[rows.kinds == Kind.SALE]
    assert sorted(sold.tolist()) == np.flatnonzero(np.isin(year.stores, STORES)).tolist()
    voids, refunds = (np.count_nonzero(rows.kinds == kind) for kind in (Kind.VOID, Kind.REFUND))
    assert 0.8 / 400 < voids / len(sold) < 1.2 / 400
    assert 0.8 / 150 < refunds / len(sold) < 1.2 / 150
    assert 0.017 < np.count_nonzero(rows.offline) / len(sold) < 0.023


def test_nothing_lies_ahead_and_nothing_is_older_than_the_year(book: Book, whole: Receipts) -> None:
    moments = [datetime.fromisoformat(issued_at(int(second))) for second in whole.happenings.wall_s[[0, -1]]]
    assert NOON - timedelta(days=366) <= moments[0]
    assert NOON - timedelta(hours=3) < moments[1] <= NOON
    assert np.all(np.diff(whole.happenings.wall_s) >= 0)


def test_what_takes_a_sale_back_follows_it_at_its_store(whole: Receipts) -> None:
    rows, stores = whole.happenings, whole.year.stores
    origins = rows.origins
    assert np.all(rows.kinds[origins] == Kind.SALE)
    assert np.all(rows.baskets[origins] == rows.baskets)
    after_s = rows.wall_s - rows.wall_s[origins]
    assert np.all((after_s[rows.kinds == Kind.VOID] >= 60) & (after_s[rows.kinds == Kind.VOID] <= 360))
    refunds = rows.kinds == Kind.REFUND
    assert np.all((after_s[refunds] > DAY_S / 2) & (after_s[refunds] < 15 * DAY_S))
    desks = {TILLS[store][0] for store in stores[rows.baskets[refunds]].tolist()}
    assert set(rows.terminals[refunds].tolist()) <= desks
    assert np.all(np.isin(rows.terminals, [till for tills in TILLS.values() for till in tills]))


def test_every_receipt_is_one_that_capture_takes(whole: Receipts) -> None:
    seen = Counter[tuple[str, str]]()
    for place in sample(whole):
        sale = read(whole, place)
        seen[sale.type, sale.mode] += 1
        if sale.type == "sale":
            continue
        origin = read(whole, int(whole.happenings.origins[place]))
        named = receipt_keys.table().decode(sale.refers_to)
        assert (named.terminal, named.sequence) == (origin.terminal, origin.sequence)
        assert named.day == date.fromisoformat(origin.issued_at[:10])
        assert origin.total > 0
        assert sale.total == -origin.total if sale.type == "void" else -origin.total <= sale.total < 0
        assert sale.type == "void" or 1 <= len(sale.lines) <= 2
        assert {payment.method for payment in sale.payments} <= {payment.method for payment in origin.payments}
    assert {kind for kind, _ in seen} == {"sale", "refund", "void"}
    assert seen["sale", "offline"] > 0


def test_each_tills_numbers_follow_each_other_in_the_order_of_time(book: Book, whole: Receipts) -> None:
    rows = whole.happenings
    assert book.total == len(rows) == sum(count for _, count in book.parts[0].numbers.values())
    for terminal in TILLS[STORES[0]]:
        own = whole.sequences[rows.terminals == terminal].tolist()
        assert own == list(range(1, len(own) + 1))


def test_a_load_on_another_day_makes_the_same_bytes(year: Year, tmp_path: Path) -> None:
    begun = begin_book(REGISTRY, NOON, TILLS)
    lengthen(begun, tmp_path, weeks=3, year=year, oldest_s=ANCIENT_S)
    first = receipts_of(year, begun, 0)
    # Nothing tells a book what day it is: what it was begun with is read from its file.
    again = read_book(tmp_path, REGISTRY)
    assert again == begun
    second = receipts_of(year, again, 0)
    assert len(first.happenings) == len(second.happenings) == begun.total
    for place in sample(first):
        assert first.receipt(place) == second.receipt(place)


def test_a_book_of_another_registry_is_not_read(year: Year, tmp_path: Path) -> None:
    lengthen(begin_book(REGISTRY, NOON, TILLS), tmp_path, weeks=1, year=year, oldest_s=ANCIENT_S)
    assert read_book(tmp_path, "a registry that was made anew") is None
    assert read_book(tmp_path / "elsewhere", REGISTRY) is None


def test_weeks_are_the_last_ones_and_more_of_them_add_what_is_older(
    year: Year, book: Book, whole: Receipts, tmp_path: Path
) -> None:
    grown = begin_book(REGISTRY, NOON, TILLS)
    lengthen(grown, tmp_path, weeks=2, year=year, oldest_s=ANCIENT_S)
    recent = receipts_of(year, grown, 0).happenings
    assert recent.wall_s[0] > clock_s(NOON) - 14 * DAY_S
    lengthen(grown, tmp_path, weeks=WEEKS_MAX, year=year, oldest_s=ANCIENT_S)
    assert [part.until_s for part in grown.parts] == [clock_s(NOON), grown.parts[0].after_s]
    assert grown.total == book.total
    older = receipts_of(year, grown, 1)
    both = Counter(recent.baskets.tolist()) + Counter(older.happenings.baskets.tolist())
    assert both == Counter(whole.happenings.baskets.tolist())
    terminal = TILLS[STORES[0]][0]
    first, count = grown.parts[0].numbers[terminal]
    assert grown.parts[1].numbers[terminal][0] == first + count


def test_what_capture_would_find_too_old_is_left_out(year: Year, tmp_path: Path) -> None:
    late = begin_book(REGISTRY, NOON, TILLS)
    lengthen(late, tmp_path, weeks=WEEKS_MAX, year=year, oldest_s=clock_s(NOON - timedelta(days=30)))
    assert receipts_of(year, late, 0).happenings.wall_s[0] > clock_s(NOON - timedelta(days=30))


def test_live_sales_take_numbers_above_the_historys(year: Year, tmp_path: Path) -> None:
    terminal = TILLS[STORES[0]][0]
    earlier = Sequences(tmp_path / SEQUENCES_NAME, 64 * 50)
    assert earlier.take(terminal) == 1
    late = begin_book(REGISTRY, NOON, TILLS)
    lengthen(late, tmp_path, weeks=1, year=year, oldest_s=ANCIENT_S)
    first, count = late.parts[0].numbers[terminal]
    assert first == 2
    assert earlier.take(terminal) == first + count
    earlier.close()


def test_numbers_are_set_aside_again_when_a_load_died_before_it_had_done_so(year: Year, tmp_path: Path) -> None:
    lengthen(begin_book(REGISTRY, NOON, TILLS), tmp_path, weeks=1, year=year, oldest_s=ANCIENT_S)
    (tmp_path / SEQUENCES_NAME).unlink()
    found = read_book(tmp_path, REGISTRY)
    assert found is not None
    terminal, (first, count) = next(iter(found.parts[0].numbers.items()))
    after = Sequences(tmp_path / SEQUENCES_NAME, 64 * 50)
    assert after.take(terminal) == first + count
    after.close()


def test_numbers_are_set_aside_while_a_live_replay_takes_some(year: Year, tmp_path: Path) -> None:
    terminal, path = TILLS[STORES[0]][0], tmp_path / SEQUENCES_NAME
    code = (
        "from pathlib import Path; from transactions.replay.sequences import Sequences;"
        f"s = Sequences(Path({str(path)!r}), 3200); print('begun', flush=True);"
        f"print([s.take({terminal}) for _ in range(20_000)])"
    )
    root = Path(__file__).resolve().parents[2]
    live = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root, text=True)
    assert live.stdout is not None
    assert live.stdout.readline() == "begun\n"
    late = begin_book(REGISTRY, NOON, TILLS)
    for weeks in (1, 2, 3):
        lengthen(late, tmp_path, weeks=weeks, year=year, oldest_s=ANCIENT_S)
    taken = json.loads(live.communicate()[0])
    aside = [number for part in late.parts for number in range_of(*part.numbers[terminal])]
    assert sorted([*taken, *aside]) == list(range(1, len(taken) + len(aside) + 1))


def range_of(first: int, count: int) -> range:
    return range(first, first + count)


class Load:
    """One load of four weeks over two connections."""

    def __init__(self, year: Year, folder: Path, server: FarSide) -> None:
        self.folder, self.server, self.stop = folder, server, threading.Event()
        self.book = read_book(folder, REGISTRY) or begin_book(REGISTRY, NOON, TILLS)
        if not self.book.parts:
            lengthen(self.book, folder, weeks=4, year=year, oldest_s=ANCIENT_S)
        self.progress = Progress(folder, REGISTRY)
        self.gateways = gateways_of(receipts_of(year, self.book, 0), 0, GATEWAYS, self.progress)

    def run(self, before_batch: Callable[[threading.Event], None] = lambda _stop: None) -> None:
        tally, file = Tally(2), AcknowledgementFile(self.folder / "acknowledged.jsonl")
        deliveries = [
            Delivery(url=self.server.url, batched=True, file=file, tally=tally.lane(place), stop=self.stop)
            for place in range(2)
        ]
        loader = Loader(self.gateways, progress=self.progress, wait_for_room=before_batch, stop=self.stop)
        loader.run(deliveries, lambda: None, look_every_s=0.1)


def sent_to(server: FarSide) -> Counter[str]:
    return Counter(json.dumps(sale) for body in server.bodies for sale in json.loads(body))


def test_a_load_that_was_stopped_goes_on_and_sends_nothing_twice(server: FarSide, year: Year, tmp_path: Path) -> None:
    first = Load(year, tmp_path, server)
    batches = iter(range(10))

    def stop_soon(stop: threading.Event) -> None:
        if next(batches) == 2:
            stop.set()

    first.run(stop_soon)
    assert 0 < first.progress.total() < first.book.total
    second = Load(year, tmp_path, server)
    assert sum(len(gateway.places) - gateway.sent for gateway in second.gateways) == (
        second.book.total - first.progress.total()
    )
    second.run()
    sent = sent_to(server)
    assert set(sent.values()) == {1}
    assert len(sent) == second.progress.total() == second.book.total
    assert Load(year, tmp_path, server).gateways == []


def test_a_load_that_was_killed_sends_the_same_bytes_of_its_last_batch(
    server: FarSide, year: Year, tmp_path: Path
) -> None:
    Load(year, tmp_path, server).run()
    whole = sent_to(server)
    # As it stands when the load dies between the answer to a batch and its note.
    state = json.loads((tmp_path / "history-sent.json").read_text())
    state["sent"]["0/1"] -= BATCH_RECEIPTS
    (tmp_path / "history-sent.json").write_text(json.dumps(state))
    server.bodies.clear()
    Load(year, tmp_path, server).run()
    again = sent_to(server)
    assert len(again) == BATCH_RECEIPTS
    assert set(again) < set(whole)


def test_gateways_take_turns_in_the_order_of_time(server: FarSide, year: Year, tmp_path: Path) -> None:
    load = Load(year, tmp_path, server)
    later, earlier = sorted(load.gateways, key=Gateway.turn, reverse=True)
    assert earlier.turn() <= later.turn()
    earlier.sent = len(earlier.places) - 1
    assert later.turn() < earlier.turn()
    assert len(later.batch()) <= BATCH_RECEIPTS


def test_what_takes_a_sale_back_is_sent_when_the_ledger_has_the_sale(whole: Receipts) -> None:
    rows = whole.happenings
    places = np.flatnonzero(np.isin(whole.year.stores[rows.baskets], STORES[:8]))
    sent = in_order_of_sending(places, rows)
    assert sorted(sent.tolist()) == places.tolist()
    ranks = {place: rank for rank, place in enumerate(sent.tolist())}
    behind = [ranks[place] - ranks[int(rows.origins[place])] for place in places if rows.kinds[place] != Kind.SALE]
    last = [place for place in sent[-BEHIND_RECEIPTS:].tolist() if rows.kinds[place] != Kind.SALE]
    # Each moves up by the few that were moved away in between.
    assert sum(distance < BEHIND_RECEIPTS - 50 for distance in behind) <= len(last)
    sales = sent[rows.kinds[sent] == Kind.SALE]
    assert np.all(np.diff(sales) > 0)


def test_a_receipt_that_is_refused_stops_the_load_and_does_not_count_as_sent(
    server: FarSide, year: Year, tmp_path: Path
) -> None:
    load = Load(year, tmp_path, server)
    server.answers = [(422, {}, {"detail": "/total is wrong"})] * 2
    with pytest.raises(RefusedError):
        load.run()
    assert load.progress.total() == 0
    assert load.stop.is_set()


def test_only_one_loader_works_at_a_time(tmp_path: Path) -> None:
    with only_loader(tmp_path), pytest.raises(AlreadyLoadingError), only_loader(tmp_path):
        pass
    with only_loader(tmp_path):
        pass


def test_progress_of_another_book_counts_for_nothing(tmp_path: Path) -> None:
    Progress(tmp_path, "one").note("0/1", 500)
    assert Progress(tmp_path, "one").total() == 500
    assert Progress(tmp_path, "another").total() == 0


def test_without_a_terminal_a_line_is_shown_each_tenth(tmp_path: Path) -> None:
    out, status = io.StringIO(), tmp_path / "status.json"
    screen = Screen(total=1000, before=150, status_path=status, quiet=False, out=out)
    for sent in range(150, 1001, 10):
        screen.show(sent, "")
    lines = out.getvalue().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["200", "300", "400", "500", "600", "700", "800", "900", "1,000"]
    assert "(20 %)" in lines[0]
    assert json.loads(status.read_text())["state"] == "loading"
    assert "1,000 of 1,000 receipts sent, 850 now" in screen.finish()
    assert json.loads(status.read_text())["state"] == "finished"


def test_a_load_that_is_not_done_says_that_it_stopped_and_why(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    screen = Screen(total=10, before=0, status_path=status, quiet=True, out=io.StringIO())
    screen.show(5, "503: The ledger is too far behind.")
    screen.finish()
    shown = json.loads(status.read_text())
    assert (shown["state"], shown["sent"], shown["total"]) == ("stopped", 5, 10)
    assert shown["problem"] == "503: The ledger is too far behind."


@pytest.mark.parametrize("option", [{"weeks": WEEKS_MAX + 1}, {"weeks": -1}, {"connections": 0}, {"connections": 17}])
def test_numbers_that_make_no_sense_are_refused(option: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"--{next(iter(option))} must be from"):
        call_command("load_history", folder=tmp_path, **option)


@pytest.mark.django_db
def test_without_the_demo_registry_the_command_that_makes_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"manage\.py demo"):
        call_command("load_history", folder=tmp_path)
    assert os.listdir(tmp_path) == ["history.lock"]
