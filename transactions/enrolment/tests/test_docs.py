"""What docs/enrolment.md tells programmers of tills to type: it works, and names every answer."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.docs import DOCS, code_blocks
from tests.openapi import description
from transactions.enrolment import limits, operations
from transactions.enrolment.tests.conftest import selling
from transactions.models import Terminal

PAGE = "enrolment.md"
TOOLS = ("curl", "jq", "openssl")


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="needs curl, jq and openssl")
def test_its_lines_enrol_a_till_and_renew_its_credential(
    terminal: Terminal, code: str, live_server: LiveServer, tmp_path: Path
) -> None:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "SITE": live_server.url, "CODE": code}
    said = []
    for script in code_blocks(PAGE, "bash"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout.strip())
    assert said[0] == f"terminal {terminal.number} is active, signs with key 1"
    assert said[1].startswith("the old token works until 20")
    assert said[2] == f"High Street: terminal {terminal.number}, active"
    renewed = json.loads((tmp_path / "renewed.json").read_text())
    assert renewed["key"] == 2
    assert selling(terminal, renewed["token"]).send().pointers == ["/signature"]


def test_it_names_every_field_of_the_request_and_of_the_answer() -> None:
    text = (DOCS / PAGE).read_text()
    schemas = description()["components"]["schemas"]
    for name in schemas["EnrolmentBody"]["properties"]:
        assert f"| `{name}` |" in text
    (example,) = code_blocks(PAGE, "json")
    assert json.loads(example).keys() == schemas["CredentialAnswer"]["properties"].keys()


def test_it_names_every_refusal_and_the_limits_as_they_are() -> None:
    text = (DOCS / PAGE).read_text()
    source = Path(operations.__file__).with_name("refusals.py").read_text()
    names = set(re.findall(r'\d{3},\s+"([a-z-]+)"', source)) | {"terminal-suspended", "terminal-retired"}
    assert len(names) >= 9
    assert [name for name in names if f"`{name}`" not in text] == []
    assert f"{limits.WRONG_OF_CLIENT.most} an hour for an address" in text
    assert f"{limits.WRONG_OF_ALL.most:,} an hour for everybody" in text
    assert f"for {operations.CODE_DAYS} days" in text
    assert f"for {operations.REPEAT_HOURS} hours" in text
    assert f"At most {operations.RENEWALS_A_DAY} renewals" in text
