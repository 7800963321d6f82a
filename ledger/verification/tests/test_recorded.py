"""Sales one by one: what was acknowledged is held against the ledger."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.reconcile import reconcile
from ledger.verification.recorded import recorded_sales
from ledger.verification.tests.removing import remove
from ledger.verification.tests.sealed import Sealed, execute


@pytest.fixture
def acknowledged(sealed: Sealed, tmp_path: Path) -> Path:
    """What the tills were told of everything in the ledger."""
    rows = []
    for till in (sealed.till, sealed.other):
        for sale in recorded_sales(till.number % 64):
            rows.append(
                {
                    "terminal": till.number, "sequence": sale.identity & (1 << 29) - 1, "issued_on": sale.issued_on,
                    "code": sale.code, "sha256": sha256(sale.sale).hexdigest(), "result": "accepted",
                }
            )  # fmt: skip
    path = tmp_path / "acknowledged.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_every_sale_comes_once_and_neither_conflicts_nor_removed_ones(sealed: Sealed) -> None:
    found = list(recorded_sales(sealed.shard))
    assert [sale.identity & (1 << 29) - 1 for sale in found] == list(range(1, 16))
    assert [(sale.place.block, sale.place.position) for sale in found[3:7]] == [(1, 3), (1, 4), (2, 0), (2, 1)]
    assert json.loads(found[0].sale)["terminal"] == sealed.till.number
    remove(sealed.shard, 2, 1)
    assert len(list(recorded_sales(sealed.shard))) == 14


def test_what_was_acknowledged_is_found(acknowledged: Path) -> None:
    verdict = reconcile([acknowledged])
    assert verdict.is_well, verdict.faults()
    assert (verdict.acknowledged, verdict.found, verdict.records, verdict.blocks, verdict.marked) == (30, 30, 31, 7, 1)


def test_what_is_missing_changed_or_broken_is_named(sealed: Sealed, acknowledged: Path) -> None:
    rows: list[dict[str, Any]] = [json.loads(line) for line in acknowledged.read_text().splitlines()]
    rows[0]["sha256"] = "00" * 32
    rows[1]["code"] = "0000-0000-0000-0000"
    rows.append({**rows[2], "sequence": 4711})
    acknowledged.write_text("".join(json.dumps(row) + "\n" for row in rows))
    execute("UPDATE ledger_entry SET total = 1 WHERE shard = %s AND block = 3 AND position = 1", sealed.shard)
    verdict = reconcile([acknowledged])
    assert [len(verdict.missing), len(verdict.changed), len(verdict.doubled), len(verdict.broken)] == [1, 2, 0, 2]
    assert "sequence 4711" in verdict.missing[0]
    assert verdict.broken[0].startswith(f"shard {sealed.shard}, block 3, position 1: entry-changed: ")
