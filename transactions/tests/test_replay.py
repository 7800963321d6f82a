"""Replay behaves as a till: no number used twice, the same bytes sent again, every acknowledgement kept."""

import hashlib
import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transactions import demo
from transactions.faults import read_sale
from transactions.replay import lanes
from transactions.replay.acknowledgements import AcknowledgementFile, Sent
from transactions.replay.counter import curl_line
from transactions.replay.delivery import Answer, Delivery
from transactions.replay.lanes import Plan, StoreTills, shares
from transactions.replay.screen import Screen
from transactions.replay.sequences import Sequences
from transactions.replay.source import Year
from transactions.replay.tally import BUCKETS, LOST, Tally, percentile_ms
from transactions.sale import SEQUENCE_MAX
from transactions.tests.far_side import CODE, FarSide


def sent(sequence: int) -> Sent:
    body = b'{"sequence":%d}' % sequence
    return Sent(1204, sequence, "2026-11-23", body, store=330, basket=0, is_refund=False)


class Lane:
    """A delivery with its file and counters."""

    def __init__(self, server: FarSide, folder: Path, *, batched: bool = False) -> None:
        self.path = folder / "acknowledged.jsonl"
        self.tally = Tally(1)
        self.stop = threading.Event()
        self.delivery = Delivery(
            url=server.url,
            batched=batched,
            file=AcknowledgementFile(self.path),
            tally=self.tally.lane(0),
            stop=self.stop,
        )

    def written(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def test_after_no_answer_and_503_the_same_bytes_are_sent_until_acknowledged(server: FarSide, tmp_path: Path) -> None:
    lane = Lane(server, tmp_path)
    server.answers = [None, (503, {"Retry-After": "0"}, {"detail": "busy"}), (201, {}, {"code": CODE})]
    sale = sent(1)
    assert lane.delivery.deliver([sale], "token") == [(sale, CODE)]
    assert server.bodies == [sale.body] * 3
    assert lane.tally.statuses() == {LOST: 1, 503: 1}
    assert lane.written() == [
        {
            "result": "acknowledged",
            "terminal": 1204,
            "sequence": 1,
            "issued_on": "2026-11-23",
            "code": CODE,
            "sha256": hashlib.sha256(sale.body).hexdigest(),
        }
    ]


def test_of_a_batch_only_what_is_open_is_sent_again(server: FarSide, tmp_path: Path) -> None:
    lane = Lane(server, tmp_path, batched=True)
    again = {"status": 503, "detail": "not known, send again"}
    results = [{"status": 201, "code": CODE}, again, {"status": 409, "detail": "conflict"}]
    server.answers = [
        (200, {}, {"results": results}),
        (200, {}, {"results": [{"status": 200, "code": CODE}]}),
    ]
    sales = [sent(1), sent(2), sent(3)]
    assert [sale.sequence for sale, _ in lane.delivery.deliver(sales, "token")] == [1, 2]
    assert server.bodies == [
        b"[" + b",".join(sale.body for sale in sales) + b"]",
        b"[" + sales[1].body + b"]",
    ]
    assert lane.tally.statuses() == {409: 1, 503: 1}
    assert lane.tally.sum("replayed") == 1
    assert [line["sequence"] for line in lane.written()] == [1, 2]


@pytest.mark.parametrize(
    "answer", [(200, {}, {"results": []}), (200, {}, {"results": [{"status": 201}]}), (201, {}, ["no"])]
)
def test_a_success_without_a_code_is_no_acknowledgement(server: FarSide, tmp_path: Path, answer: Any) -> None:
    lane = Lane(server, tmp_path, batched=True)
    server.answers = [answer, (200, {}, {"results": [{"status": 201, "code": CODE}]})]
    assert len(lane.delivery.deliver([sent(1)], "token")) == 1
    assert lane.tally.statuses() == {LOST: 1}


def test_a_stopped_replay_writes_what_was_never_answered_as_unknown(server: FarSide, tmp_path: Path) -> None:
    lane = Lane(server, tmp_path)
    server.answers = [None]
    lane.stop.set()
    assert lane.delivery.deliver([sent(7)], "token") == []
    assert [(line["result"], line["sequence"], line["code"]) for line in lane.written()] == [("unknown", 7, None)]
    assert lane.tally.sum("unknown") == 1


def test_a_refused_sale_is_not_sent_again_and_has_no_line(server: FarSide, tmp_path: Path) -> None:
    lane = Lane(server, tmp_path)
    server.answers = [(422, {}, {"detail": "/total is wrong"})]
    assert lane.delivery.deliver([sent(1)], "token") == []
    assert lane.written() == []
    assert "/total is wrong" in lane.tally.last_problem()


def test_numbers_go_on_where_an_earlier_replay_ended_and_two_at_once_share_none(tmp_path: Path) -> None:
    path = tmp_path / "sequences"
    first = Sequences(path, 100)
    assert [first.take(64), first.take(64), first.take(3)] == [1, 2, 1]
    first.close()
    # A later replay knows more terminals; locks are between processes, so the second one is another process.
    second = Sequences(path, 5000)
    code = (
        "from pathlib import Path; from transactions.replay.sequences import Sequences;"
        f"s = Sequences(Path({str(path)!r}), 5000); print('begun', flush=True);"
        "print([s.take(64) for _ in range(30_000)])"
    )
    root = Path(__file__).resolve().parents[2]
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "begun\n"
    mine = [second.take(64) for _ in range(30_000)]
    theirs = json.loads(other.communicate()[0])
    assert sorted(mine + theirs) == list(range(3, 60_003))
    assert second.take(3) == 2
    second.close()


def test_a_terminal_without_numbers_left_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sequences"
    path.write_bytes(b"\0\0\0\0" + SEQUENCE_MAX.to_bytes(4, "little"))
    sequences = Sequences(path, 1)
    with pytest.raises(RuntimeError, match="terminal 1"):
        sequences.take(1)
    sequences.close()


def test_lanes_share_out_whole_stores_and_keep_the_order_of_time(year: Year) -> None:
    baskets = list(range(2000))
    plan = Plan("", 1, 0, live=False, endless=False, refunds=0, baskets=baskets, wall_s=baskets)
    dealt = shares(plan, year, 4)
    assert sorted(place for share in dealt for place in share) == baskets
    assert all(share == sorted(share) for share in dealt)
    stores = [{int(year.stores[place]) for place in share} for share in dealt]
    assert sum(map(len, stores)) == len(set.union(*stores))
    assert max(map(len, dealt)) < 1.2 * min(map(len, dealt))


def test_percentiles_come_from_the_buckets() -> None:
    assert percentile_ms(np.zeros(BUCKETS, dtype=np.int64), 0.5) is None
    tally = Tally(2)
    for milliseconds in range(1, 101):
        tally.lane(milliseconds % 2).took(milliseconds / 1000)
    assert percentile_ms(tally.took(), 0.50) == pytest.approx(50, rel=0.06)
    assert percentile_ms(tally.took(), 0.99) == pytest.approx(99, rel=0.06)


def test_the_status_file_holds_sales_times_and_refusals(tmp_path: Path, capsys: Any) -> None:
    tally = Tally(1)
    tally.lane(0).took(0.004)
    answers = [Answer(201, CODE), Answer(422, None, "no"), Answer(LOST, None, "reset")]
    tally.lane(0).answered([sent(1), sent(2), sent(3)], answers)
    path = tmp_path / "status.json"
    screen = Screen(total=3, status_path=path, quiet=False, out=sys.stdout)
    screen.show(tally)
    status = json.loads(path.read_text())
    assert status["state"] == "running"
    assert (status["sales"], status["last_code"]) == (1, CODE)
    assert (status["refused"], status["sent_again"]) == ({"422": 1}, {"lost": 1})
    assert status["p50_ms"] == pytest.approx(4, rel=0.06)
    assert "1 sales" in screen.finish(tally)
    assert screen.refused(tally) == 1
    assert "422: 1" in capsys.readouterr().out


def test_the_curl_line_sends_a_sale_that_capture_takes() -> None:
    line = curl_line(url="http://127.0.0.1:8000", terminal=77, token="t77.1.x")
    # The shell expands the line; printf stands in for curl and shows the arguments.
    shown = subprocess.run(["sh", "-c", line.replace("curl", "printf '%s\\n'", 1)], capture_output=True, check=True)
    *_, body = shown.stdout.strip().splitlines()
    sale = read_sale(body)
    assert sale.terminal == 77
    assert sale.sequence > 90_000_000
    assert "Authorization: Bearer t77.1.x" in shown.stdout.decode()


def test_every_demo_retailer_has_stores_and_a_planned_store_is_found_by_its_name() -> None:
    planned = demo.planned_stores()
    assert len(planned) == len({store.name for store in planned}) == 457
    assert {store.retailer for store in planned} == set(demo.RETAILERS)
    assert sum(store.tills for store in planned) > 1500
    assert all(store.name.endswith(f"#{store.source_store}") for store in planned)


@pytest.mark.parametrize("batch", [1, 50])
def test_a_lane_sends_each_basket_once_and_refunds_of_what_was_acknowledged(
    server: FarSide, tmp_path: Path, year: Year, batch: int
) -> None:
    baskets = [basket for basket in range(3000) if year.stores[basket] in (330, 406)][:40]
    tills = {store: StoreTills(1, "g", ((64 * store, "t"), (64 * store + 64, "t"))) for store in (330, 406)}
    plan = Plan(server.url, batch, 0, live=False, endless=False, refunds=0.3, baskets=baskets, wall_s=baskets)
    delivery = Lane(server, tmp_path, batched=batch > 1)
    sequences = Sequences(tmp_path / "sequences", 64 * 500)
    lane = lanes.Lane(plan, range(len(baskets)), year, tills, sequences, delivery.delivery, threading.Event())
    lane.run()
    sequences.close()
    requests = [json.loads(body) for body in server.bodies]
    bodies = [body for request in requests for body in (request if batch > 1 else [request])]
    sales = [body for body in bodies if body["type"] == "sale"]
    refunds = [body for body in bodies if body["type"] == "refund"]
    assert sum(sale["total"] for sale in sales) == sum(
        int(year.values[year.starts[b] : year.starts[b + 1]].sum()) for b in baskets
    )
    assert len(sales) == 40
    assert refunds
    assert all(refund["refers_to"] == CODE and refund["total"] <= 0 for refund in refunds)
    for terminal in {body["terminal"] for body in bodies}:
        numbers = [body["sequence"] for body in bodies if body["terminal"] == terminal]
        assert numbers == list(range(1, len(numbers) + 1))
    assert len(delivery.written()) == len(bodies)


@pytest.mark.parametrize(("after_s", "takes_back"), [(0.0, True), (1e9, False)])
def test_a_live_lane_takes_back_only_what_the_ledger_can_have(
    server: FarSide, tmp_path: Path, year: Year, monkeypatch: pytest.MonkeyPatch, after_s: float, takes_back: bool
) -> None:
    monkeypatch.setattr(lanes, "RECORDED_AFTER_S", after_s)
    baskets = [basket for basket in range(3000) if year.stores[basket] == 330][:10]
    plan = Plan(server.url, 1, 0, live=True, endless=False, refunds=1, baskets=baskets, wall_s=baskets)
    sequences = Sequences(tmp_path / "sequences", 64 * 500)
    tills = {330: StoreTills(1, "g", ((64 * 330, "t"),))}
    delivery = Lane(server, tmp_path, batched=False).delivery
    lanes.Lane(plan, range(len(baskets)), year, tills, sequences, delivery, threading.Event()).run()
    sequences.close()
    kinds = Counter(json.loads(body)["type"] for body in server.bodies)
    assert kinds["sale"] == 10
    # Each sale at most once, and the last one only by what is owed at the end.
    assert (8 <= kinds["refund"] <= 10) is takes_back
