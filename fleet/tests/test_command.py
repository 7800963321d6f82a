"""manage.py enrol, as it is typed: its lines, its files, and a kill -9 in the middle of its work."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command

from fleet.models import Import
from fleet.tests.files import csv_of, till
from fleet.uploads import CHUNK_LINES
from tests.roles import url_of
from transactions.models import EnrolmentCode, Terminal
from transactions.stream import terminals_key

# Two chunks.
ROWS = CHUNK_LINES + 100


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.django_db
def test_a_file_is_enrolled_with_its_codes(
    store: redis.Redis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tills.csv"
    path.write_bytes(csv_of([till(), till(label="2")]))
    call_command("enrol", str(path), codes=tmp_path / "codes.csv", results=tmp_path / "results.csv")
    out = capsys.readouterr().out
    assert "2 of 2 rows (100%), 2 new, 0 already there, 0 faulty" in out
    assert len({row["code"] for row in read(tmp_path / "codes.csv")}) == EnrolmentCode.objects.count() == 2
    assert (tmp_path / "codes.csv").stat().st_mode & 0o777 == 0o600
    assert [row["outcome"] for row in read(tmp_path / "results.csv")] == ["enrolled", "enrolled"]
    with pytest.raises(CommandError, match="there already, and its codes would be lost"):
        call_command("enrol", str(path), codes=tmp_path / "codes.csv")


@pytest.mark.django_db
def test_faulty_rows_are_counted_and_written_beside_the_file(store: redis.Redis, tmp_path: Path) -> None:
    path = tmp_path / "tills.csv"
    path.write_bytes(csv_of([till(), till(label=""), till(store="")]))
    with pytest.raises(CommandError, match="2 rows are faulty"):
        call_command("enrol", str(path), dry_run=True)
    assert not Terminal.objects.exists()
    assert [row["fault_line"] for row in read(tmp_path / "tills.csv.faults.csv")] == ["3", "4"]
    with pytest.raises(CommandError, match="No such file"):
        call_command("enrol", str(tmp_path / "none.csv"))
    path.write_bytes(b"shop\n1\n")
    with pytest.raises(CommandError, match="no column “shop”"):
        call_command("enrol", str(path))


@pytest.mark.django_db(transaction=True)
def test_a_killed_command_goes_on_and_enrols_no_till_twice(store: redis.Redis, tmp_path: Path) -> None:
    path, codes = tmp_path / "tills.csv", tmp_path / "codes.csv"
    path.write_bytes(csv_of([till(label=str(number)) for number in range(ROWS)]))
    environment = {
        **os.environ, "DATABASE_URL": url_of(), "REDIS_URL": settings.REDIS_URL, "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "possys.settings", "FAILPOINT": "fleet.chunk-1",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "enrol", str(path)]
    killed = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Terminal.objects.count() == CHUNK_LINES
    call_command("enrol", str(path), codes=codes)
    assert Terminal.objects.count() == ROWS
    assert Import.objects.get().rows_enrolled == ROWS
    labels = [row["label"] for row in read(codes)]
    assert len(labels) == len(set(labels)) == ROWS
    assert store.hlen(terminals_key(0)) == ROWS
