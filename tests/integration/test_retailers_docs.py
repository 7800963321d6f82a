"""What docs/api.md says to retailers' programmers: it names every list and form, and its lines of curl work."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from accounting.cash.models import CashUp
from accounting.service import SERVICE as BOOKS
from findings.sheets import SERVICE as FINDINGS
from fleet.service import SERVICE as TILLS
from portal.keys.operations import make_key
from portal.models import Membership
from possys.clock import now_ms, utc
from tests.cast import make_retail_cast
from tests.docs import DOCS, code_blocks
from warehouse.service import SERVICE as STOCK

ROW = re.compile(r"^\| `((?:books|stock|tills|findings)/[a-z-]+)` \|", re.MULTILINE)


def test_the_documentation_names_every_list_and_form_and_no_other() -> None:
    named = ROW.findall((DOCS / "api.md").read_text())
    declared = {
        f"{service.name}/{key}": f"| `{service.name}/{key}` | {lead} |"
        for service in (BOOKS, STOCK, TILLS, FINDINGS)
        for key, lead in (
            *((page.key, page.lead) for page in service.pages if page.lists),
            *((form.key, form.lead) for form in service.forms),
        )
    }
    assert sorted(named) == sorted(set(named))
    assert [line for name, line in declared.items() if name not in named] == [], "these lines are missing"
    assert [name for name in named if name not in declared] == []


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_the_lines_of_curl_do_what_they_say(transactional_db: None, live_server: LiveServer, tmp_path: Path) -> None:
    cache.clear()
    crew = make_retail_cast()
    now = utc(now_ms())
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SITE": live_server.url,
        "RETAILER": str(crew.retailer.pk),
        "STORE": str(crew.stores[0].pk),
        "DAY": str(now.date()),
        "KEY": make_key(Membership.objects.get(user__username="corner-owner"), name="curl", now=now),
    }

    def typed(script: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    # The section's own; other sections have their tests.
    lists, cash_up = (block for block in code_blocks("api.md", "sh") if "$RETAILER" in block)
    sent = json.loads(typed(cash_up))
    count = CashUp.objects.get()
    assert sent["id"] == count.pk
    assert (count.counted, count.banked, count.day) == (250_000, 200_000, now.date())
    days, *rows = _documents(typed(lists))
    assert list(days["lists"]) == ["days"]
    # The count was posted, and the journal says so.
    assert rows
    assert all(row["entry"] for row in rows)


def _documents(text: str) -> list[dict[str, Any]]:
    """JSON documents, one behind the other."""
    found = []
    while text := text.lstrip():
        one, end = json.JSONDecoder().raw_decode(text)
        found.append(one)
        text = text[end:]
    return found
