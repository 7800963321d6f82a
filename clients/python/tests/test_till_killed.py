"""A till whose program is killed: no number twice, and no sale lost that was printed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from conftest import RULES, Opener
from far_side import FarSide
from possys_till import Line, Till

SELLER = """
import sys
from possys_till import Line, Rules, Till
till = Till(sys.argv[1], Rules(currency="CZK", taxes={"A": "12.00"}))
while True:
    print(till.sell([Line("Milk", 100, "A")]).sequence, flush=True)
"""
PRINTED = 15


def test_killed_in_the_middle_of_selling_it_goes_on_where_it_was(
    till: Till, far: FarSide, enrol: Opener, tmp_path: Path
) -> None:
    till.close()
    printed: list[int] = []
    for _ in range(2):
        seller = subprocess.Popen(
            [sys.executable, "-c", SELLER, str(till.folder)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert seller.stdout is not None
        printed += [int(seller.stdout.readline()) for _ in range(PRINTED)]
        seller.send_signal(signal.SIGKILL)
        # What it printed between the last look and its end was printed, too.
        printed += [int(line) for line in seller.stdout.read().split()]
        seller.wait()
    assert sorted(set(printed)) == printed
    again = enrol(again=True)
    assert again.drain(5)
    assert set(printed) <= set(far.ledger)
    sales = [json.loads(body) for body in far.ledger.values()]
    assert sorted(sale["sequence"] for sale in sales) == list(range(1, len(sales) + 1))
    assert again.sell([Line("Milk", 100, "A")]).sequence == len(sales) + 1
    assert again.rules == RULES
