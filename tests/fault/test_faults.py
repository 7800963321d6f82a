"""The short version of `make fault`, as a part of the suite."""

import subprocess
import sys

import pytest

from tests.fault.system import PROJECT

# Reaching it means that something hangs; the run itself takes one and a half to two minutes.
LIMIT_S = 600


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_whatever_fails_and_the_oracle_would_see_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fault", "--seconds", "60"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "lost sales, as it must" in ended.stdout
