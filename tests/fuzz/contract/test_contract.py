"""The API answers as it is described, and refuses what it does not describe: schemathesis with all its checks."""

import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.contract.run import digest, run
from tests.fuzz.contract.scene import Scene, make_scene
from tests.server import gunicorn

# Of `make fuzz`, in place of the short runs.
OPTIONS = shlex.split(os.environ.get("SCHEMATHESIS_OPTIONS", ""))
SEED = ("--seed", "9", "--generation-deterministic", "--no-shrink")
# Every bound of every field is some hundred requests an operation: here one of each kind, all by `make fuzz`.
CLOSELY = ("send_sale", "find_receipt", "feed", "stock_supplier")
HTTP_PROXIES = "1"
Site = tuple[Scene, str, Path]


@pytest.fixture
def site(ledger: Any, flush_everything: Callable[[], object], tmp_path: Path) -> Iterator[Site]:
    scene = make_scene(flush_everything)
    # Each request comes from a client of its own, so that none is told to wait.
    options = ("--config", "deploy/gunicorn.conf.py", "--workers", "2")
    with gunicorn(*options, environment={"PROXIES": HTTP_PROXIES}) as (host, port):
        yield scene, f"http://{host}:{port}", tmp_path


@pytest.mark.skipif(bool(OPTIONS), reason="the long run stands in for it")
def test_the_api_is_as_it_is_described(site: Site) -> None:
    broad = run(*site, "--phases", "examples,fuzzing", "--max-examples", "2", *SEED)
    assert broad.returncode == 0, digest(broad.stdout + broad.stderr)
    named = [word for name in CLOSELY for word in ("--include-operation-id", name)]
    close = run(*site, "--phases", "coverage", *SEED, *named)
    assert close.returncode == 0, digest(close.stdout + close.stderr)


@pytest.mark.skipif(not OPTIONS, reason="make fuzz runs it")
def test_the_api_is_as_it_is_described_at_length(site: Site) -> None:
    found = run(*site, *OPTIONS)
    print(digest(found.stdout + found.stderr))
    assert found.returncode == 0
