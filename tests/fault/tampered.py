"""A ledger to tamper with, what others kept of it, and what `manage.py verify_ledger` then prints."""

import io
import re
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from ledger.flush import flush_all
from ledger.log.checkpointer import catch_up
from ledger.log.models import Checkpoint
from ledger.proof_file import proof_bytes
from ledger.proofs import find_proof
from ledger.queries import Recorded, find_recorded
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from tests.factories import moment
from tests.fault import attacker
from tests.tills import Till
from transactions.stream import shard_of

KEPT = settings.BASE_DIR / ".local" / "tampering.txt"
PRINTED: list[str] = []


class Ledger:
    """Two shards with four blocks each, every round of them signed; a proof and a checkpoint that others kept."""

    def __init__(self, till: Till, other: Till, folder: Path) -> None:
        self.till, self.other = till, other
        self.proof, self.checkpoint = folder / "sale.json", folder / "checkpoint.txt"
        for number in range(1, 5):
            for one in (till, other):
                one.send_batch(one.sales(4))
                one.send(one.sale(issued_at=moment(days=-1), mode="offline"))
            flush_all(ALL_SHARDS)
            assert catch_up().faults == []
            if number == 3:
                self.keep()

    def keep(self) -> None:
        """A customer keeps the proof of the third sale of block 2, a witness the checkpoint of that moment."""
        recorded = find_recorded(self.till.number, 8, utc(now_ms()).date())
        assert isinstance(recorded, Recorded)
        assert (recorded.block, recorded.position) == (2, 2)
        proof = find_proof(recorded)
        assert proof is not None
        self.proof.write_bytes(proof_bytes(proof))
        self.checkpoint.write_text(Checkpoint.objects.latest("size").note)

    @property
    def shard(self) -> int:
        """The shard that is tampered with."""
        return shard_of(self.till.number)

    def verify(self, *arguments: str) -> tuple[int, list[str]]:
        """Exit code and faults as `manage.py verify_ledger` printed them."""
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("verify_ledger", "--workers", "1", "--quiet", *arguments, stdout=out, stderr=err)
        except SystemExit as end:
            return int(end.code or 0), err.getvalue().splitlines()
        return 0, err.getvalue().splitlines()


def expect(ledger: Ledger, case: str, *patterns: str, arguments: tuple[str, ...] = ()) -> list[str]:
    """Runs the command and demands exit code 1 and a line for each pattern (a regular expression)."""
    code, lines = ledger.verify(*arguments)
    PRINTED.extend([case, *[f"    {line}" for line in lines[:6]], *(["    ..."] if len(lines) > 6 else [])])
    assert code == 1, (case, lines)
    for pattern in patterns:
        assert any(re.match(pattern.format(shard=ledger.shard), line) for line in lines), (case, pattern, lines)
    return lines


def cheaper(record: bytes) -> bytes:
    """A sale for a tenth of its price."""
    return record.replace(b'"total":5100', b'"total":510')


def change(ledger: Ledger, position: int, how: Callable[[bytes], bytes], block: int = 2) -> None:
    records = attacker.records_of(ledger.shard, block)
    changed = how(records[position])
    assert changed != records[position]
    records[position] = changed
    attacker.write_records(ledger.shard, block, records)
