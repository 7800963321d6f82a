"""The short version of `make fault`, as a part of the suite."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fault.system import PROJECT

# The run itself takes two minutes and a half, some times that on a machine that others use; reaching this means that
# something hangs, and a scenario that hangs gives up by itself after three minutes.
LIMIT_S = 1200


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_whatever_fails_and_the_oracle_would_see_it(tmp_path: Path) -> None:
    # Into a file: what a run said before it was ended is what tells where it hung.
    told = tmp_path / "told.txt"
    with told.open("wb") as output:
        run = subprocess.Popen(
            [sys.executable, "-m", "tests.fault", "--seconds", "60"],
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            code: int | str = run.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            # In order: it stops every server that it started.
            run.terminate()
            run.wait()
            code = f"ended after {LIMIT_S} s"
    assert code == 0, told.read_text()
    assert "lost sales, as it must" in told.read_text()
