"""What docs/api.md says to whoever writes a till: its lines of curl, jq and openssl do what they say."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from pytest_django.live_server_helper import LiveServer

from ledger.models import Entry
from receipts.offline_address import read_offline
from tests.docs import DOCS, code_blocks
from tests.factories import make_retailer, make_store
from transactions.enrolment.operations import issue_code
from transactions.models import Life, TerminalKey
from transactions.operations import enrol_terminals
from transactions.signatures import OFFLINE, verify

SECTION = "## From nothing to a receipt, by curl\n"


@pytest.mark.skipif(not all(map(shutil.which, ("curl", "jq", "openssl"))), reason="needs curl, jq and openssl")
def test_the_lines_of_curl_enrol_a_till_and_sell(
    ledger: redis.Redis, live_server: LiveServer, tmp_path: Path, flush_everything: Callable[[], object]
) -> None:
    store = make_store(make_retailer("Corner Shop Ltd"))
    (terminal,) = enrol_terminals(store=store, count=1, status=Life.ENROLLED)
    section = (DOCS / "api.md").read_text().split(SECTION)[1].split("\n## ")[0]
    enrol, sell, look, renew = (block for block in code_blocks("api.md", "sh") if block in section)

    def typed(script: str, code: str = "") -> str:
        """Each block is typed into the same folder; what the shell knew is typed again before it."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "SITE": live_server.url, "CODE": code}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    knows = (
        "TOKEN=$(jq -r .token credential.json)\n" + next(line for line in enrol.splitlines() if "sign()" in line) + "\n"
    )
    typed(enrol, issue_code(terminal, by="staff anna"))
    said = json.loads(typed(knows + sell))
    assert said["replayed"] is False
    send_again = "\n".join(sell.splitlines()[-2:])
    assert json.loads(typed(knows + send_again))["replayed"] is True
    flush_everything()
    assert Entry.objects.count() == 1
    shown, _, address = typed(knows + look).rpartition("\n}\n")
    assert json.loads(shown + "}") == {"status": "recorded", "code": said["code"], "total": 5100}
    paper = read_offline(address.strip().rpartition("/O/")[2])
    key = TerminalKey.objects.get(terminal=terminal, number=1)
    assert verify(bytes(key.public_key), OFFLINE, paper.signed, paper.signature)
    typed(knows + renew)
    terminal.refresh_from_db()
    assert terminal.signing_key == 2
    assert json.loads((tmp_path / "credential.json").read_text())["key"] == 2
