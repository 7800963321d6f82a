"""A till whose program is killed: no number twice, and no sale lost that was printed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from far_side import FarSide
from possys_till import Line, Till
from settings_of_tests import RULES, Opener

SELLER = """
import sys
from possys_till import Line, Rules, Till
till = Till(sys.argv[1], Rules(currency="CZK", taxes={"A": "12.00"}))
while True:
    print(till.sell([Line("Milk", 100, "A")]).sequence, flush=True)
"""
PRINTED = 15
# The system itself refuses to let any file grow past a bound, as a full disk does, in the middle of a write or not.
BOUNDED = """
import resource, sys
from possys_till import Line, Rules, StorageError, Till
till = Till(sys.argv[1], Rules(currency="CZK", taxes={"A": "12.00"}))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
sold = 0
try:
    while sold < 10_000:
        sold = till.sell([Line("x" * 120, 100, "A", category="y" * 60) for _ in range(20)]).sequence
except StorageError as fault:
    print(fault)
print(sold)
"""
FILE_BYTES_MAX = 300_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sets a limit of Linux's")
def test_where_the_system_lets_no_file_grow_nothing_is_sold_and_no_number_used(
    till: Till, far: FarSide, enrol: Opener
) -> None:
    till.close()
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(till.folder), str(FILE_BYTES_MAX)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
        check=True,
    )
    *words, sold = done.stdout.splitlines()
    assert "Nothing was sold" in words[0]
    again = enrol(again=True)
    assert again.drain(5)
    assert list(far.ledger) == list(range(1, int(sold) + 1))
    assert again.sell([Line("Milk", 100, "A")]).sequence == int(sold) + 1


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
