"""The oracle of every run, the sales that it sends, and one whole run of the smallest size."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from benchmarks.fleet import Fleet, sequences
from benchmarks.load import LoadError
from benchmarks.run import Run
from benchmarks.sales import BATCH_SALES, LATE_EVERY, Sales
from benchmarks.sizes import SIZES, TILLS
from ledger.flush import Flushed
from ledger.models import Entry
from tests.factories import make_sale
from tests.tampering import triggers_off
from transactions.faults import read_sale
from transactions.replay.baskets import sale_templates
from transactions.stream import shard_of

if TYPE_CHECKING:
    from tests.tills import Till

PROJECT = Path(__file__).resolve().parents[2]
PARTS = {
    "evidence",
    "pages",
    "verify_ledger",
    "feed",
    "microseconds",
    "one sale a request",
    "signed batches",
    "fleet",
    "batches of 500",
    "whole path",
    "flush alone",
    "bytes a sale",
    "admin",
}


def run_of(acknowledged: int) -> Run:
    site = cast("Any", SimpleNamespace())
    return Run(site, SIZES["tiny"], Fleet([], [], [], []), [], print, acknowledged)


def test_the_oracle_sees_a_missing_and_a_surplus_entry(till: "Till", flush_everything: Callable[[], Flushed]) -> None:
    for sequence in (1, 2, 3):
        assert till.send(make_sale(terminal=till.terminal.number, sequence=sequence)).status == 201
    flush_everything()
    assert run_of(3).check_ledger() == 3
    with pytest.raises(LoadError, match="4 sales were acknowledged"):
        run_of(4).check_ledger()
    with triggers_off():
        Entry.objects.filter(identity=Entry.objects.order_by("identity").values_list("identity")[:1]).delete()
    with pytest.raises(LoadError, match="the ledger has 2"):
        run_of(3).check_ledger()


@pytest.fixture(scope="module")
def sales() -> Sales:
    stores = [[64 * (1 + till) + shard for till in range(TILLS)] for shard in range(64)]
    tokens = [b"token"] * (64 * TILLS)
    fleet = Fleet(stores, [b"gateway"] * 64, tokens, tokens)
    return Sales(fleet, sale_templates(50), sequences(fleet))


def body_of(request: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    return body


def test_single_sales_are_right_and_two_in_a_hundred_are_late(sales: Sales) -> None:
    late, today = 0, f"{datetime.now(UTC):%Y-%m-%d}"
    for _ in range(4 * LATE_EVERY):
        sale = read_sale(body_of(sales.one(b"/x", b"Bearer", sales.fleet.terminal_tokens)))
        late += sale.issued_at[:10] < today
    assert late == 4


@pytest.mark.parametrize("spread", [1, 8, 64])
def test_a_batch_lies_in_as_many_shards_as_asked(sales: Sales, spread: int) -> None:
    batch = [json.dumps(one).encode() for one in json.loads(body_of(sales.batch(b"/x", spread)))]
    read = [read_sale(one) for one in batch]
    assert len(read) == BATCH_SALES
    assert len({shard_of(sale.terminal) for sale in read}) == spread
    assert len({(sale.terminal, sale.sequence) for sale in read}) == BATCH_SALES


@pytest.mark.slow
def test_a_whole_run_of_the_smallest_size_measures_every_part(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--size", "tiny", "--folder", tmp_path],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [kept] = (tmp_path / "bench").glob("*-tiny.json")
    content = json.loads(kept.read_text())
    assert content["failures"] == []
    assert {figure["part"] for figure in content["figures"]} == PARTS
    # How fast it was is no test's matter: on a busy machine a rate may not hold, and what is measured as none is 0.
    assert [one for one in content["figures"] if not 0 <= one["value"] < math.inf] == []
    assert not list(tmp_path.glob("bench-*")), "the servers' folder is left behind"
