"""docs/extending.md builds a service; exactly its text does, from an empty folder to figures and a rebuild."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from possys.clock import now_ms, utc
from tests.docs import DOCS, code_blocks
from tests.factories import make_refund
from tests.roles import url_of
from tests.tills import Till

FILE = re.compile(r"^`(marketing/\w+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = 'from possys.settings import *\n\nINSTALLED_APPS = [*INSTALLED_APPS, "marketing"]\n'
# The commands that the page tells one to type, one after the other, the feed's worker between them.
RUN = """
import sys
import django
django.setup()
from django.core.management import call_command
from ledger.consumers import consumer_named
from ledger.feeding.running import feed_all
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
*before, last = sys.argv[1:]
for command in before:
    call_command(*command.split())
fed = feed_all(ALL_SHARDS, utc(now_ms()), [consumer_named("marketing")])
assert not fed.stopped, fed.stopped
print("fed", fed.sales)
call_command(*last.split())
"""


@pytest.fixture
def folder(ledger: redis.Redis, tmp_path: Path) -> Iterator[Path]:
    """The page's files; what they make in the database is taken away again."""
    files = FILE.findall((DOCS / "extending.md").read_text())
    assert [name for name, _ in files] == [
        f"marketing/{name}.py" for name in ("__init__", "apps", "models", "consumers")
    ]
    (tmp_path / "marketing").mkdir()
    for name, text in files:
        (tmp_path / name).write_text(text)
    (tmp_path / "extended_settings.py").write_text(SETTINGS)
    yield tmp_path
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS marketing_visits")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'marketing'")
        cursor.execute(
            "DELETE FROM auth_permission USING django_content_type c WHERE content_type_id = c.id "
            "AND c.app_label = 'marketing'"
        )
        cursor.execute("DELETE FROM django_content_type WHERE app_label = 'marketing'")


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "extended_settings",
            "PYTHONPATH": f"{folder}:{settings.BASE_DIR}",
            "DATABASE_URL": url_of(),
            "REDIS_URL": settings.REDIS_URL,
            "DEMO": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands() -> list[str]:
    lines = [line for block in code_blocks("extending.md", "sh") for line in block.splitlines()]
    assert all(line.startswith("python manage.py ") for line in lines)
    return [line.removeprefix("python manage.py ") for line in lines]


def test_the_documented_service_counts_what_was_sold(
    folder: Path, till: Till, rival: Till, flush_everything: Callable[[], Any]
) -> None:
    today = utc(now_ms()).date()
    day, before = str(today - timedelta(days=1)), str(today - timedelta(days=3))
    codes = [
        till.send(till.sale(issued_at=f"{day}T{clock}+01:00")).json()["code"] for clock in ("23:30:00", "08:00:00")
    ]
    till.send(till.sale(issued_at=f"{before}T08:00:00+01:00", mode="offline"))
    rival.send(rival.sale(issued_at=f"{day}T08:00:00+01:00"))
    flush_everything()
    for code, kind in zip(codes, ("refund", "void"), strict=True):
        refund = make_refund(code, type=kind, issued_at=f"{day}T23:40:00+01:00")
        assert till.send(till.sale(**{**refund, "terminal": till.number, "sequence": till.sequence + 1})).status == 201
    flush_everything()
    printed = run(folder, "-c", RUN, *commands())
    assert "fed 6" in printed
    assert "rebuilt from 6 sales" in printed
    with connection.cursor() as cursor:
        cursor.execute("SELECT store, day::text, visits FROM marketing_visits ORDER BY store, day")
        assert cursor.fetchall() == [
            (till.terminal.store_id, before, 1), (till.terminal.store_id, day, 1), (rival.terminal.store_id, day, 1),
        ]  # fmt: skip


def test_the_documented_service_keeps_the_import_contract(folder: Path) -> None:
    own = (settings.BASE_DIR / "pyproject.toml").read_text()
    for place, more in (
        (r"^root_packages = \[.*(?=\])", ', "marketing"'),
        (r"\| \(analytics\).*(?=\",$)", " | (marketing)"),
        (r'^source_modules = \["possys"\]\nforbidden_modules = \[.*(?=\])', ', "marketing"'),
    ):
        own, count = re.subn(place, rf"\g<0>{more}", own, flags=re.MULTILINE)
        assert count == 1, f"docs/extending.md is no longer right about pyproject.toml: {place}"
    (folder / "pyproject.toml").write_text(own)
    lint = "import sys; from importlinter.cli import lint_imports; print(lint_imports(config_filename=sys.argv[1]))"
    assert "0 broken" in run(folder, "-c", lint, str(folder / "pyproject.toml"))
    # And the contract would see a service that reaches for its neighbour.
    (folder / "marketing" / "pages.py").write_text("import analytics.models\n")
    assert "1 broken" in run(folder, "-c", lint, str(folder / "pyproject.toml"))
