"""deploy/systemd/: systemd finds nothing wrong, each process gets what it needs alone, servers' files are safe."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.safety import SAFE
from possys import secrets
from possys.embedded import Valkey
from possys.redis import connect, unsafe_settings
from possys.settings import CELERY_TASK_ROUTES
from tests.production import EXAMPLES, PROJECT

SYSTEMD = PROJECT / "deploy" / "systemd"
DROP_IN = SYSTEMD / "possys-.service.d" / "10-possys.conf"
SERVICES = sorted(SYSTEMD.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
# Of 10; an ordinary service without hardening has 9.6.
EXPOSURE_MOST = 2.0
# Whoever signs or may change the ledger.
SIGNERS = {"possys-log.service", "possys-archive.service"}
OWNERS = {f"possys-{name}.service" for name in ("verify", "archive", "backup", "drill")}


def values(path: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", path.read_text(), flags=re.MULTILINE)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, of a release that is there."""
    shutil.copytree(SYSTEMD, tmp_path / "units")
    (tmp_path / "current").symlink_to(PROJECT)
    for path in (tmp_path / "units").glob("*.service"):
        path.write_text(path.read_text().replace("/opt/possys/current", str(tmp_path / "current")))
    return tmp_path / "units"


@pytest.mark.skipif(ANALYZE is None, reason="no systemd here")
def test_systemd_finds_nothing_wrong_with_any_unit(installed: Path) -> None:
    names = [
        path.name.replace("@.", "@blue.") for path in sorted(installed.iterdir()) if path.suffix not in {".d", ".conf"}
    ]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(installed / name) for name in names)],
        env={"SYSTEMD_UNIT_PATH": f"{installed}:/lib/systemd/system", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    ).stderr  # fmt: skip
    assert [line for line in said.splitlines() if "possys" in line] == []


@pytest.mark.skipif(ANALYZE is None, reason="no systemd here")
def test_units_are_hardened(installed: Path) -> None:
    for path in SERVICES:
        said = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--no-pager", path.name.replace("@.", "@blue.")],
            env={"SYSTEMD_UNIT_PATH": f"{installed}:", "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        found = re.search(r"Overall exposure level for \S+ ([\d.]+)", said)
        assert found, said
        assert float(found[1]) <= EXPOSURE_MOST, said


def test_every_queue_has_a_worker_and_every_unit_its_settings() -> None:
    queues = {queue for path in SERVICES for queue in re.findall(r"--queues (\w+)", path.read_text())}
    assert queues == {route["queue"] for route in CELERY_TASK_ROUTES.values()} | {"celery"}
    for path in SERVICES:
        told = [Path(file).name for file in values(path, "EnvironmentFile")]
        assert len(told) == 1, path.name
        assert (EXAMPLES / told[0]).exists(), path.name
        assert values(path, "MemoryMax"), path.name
        # The drop-in wins over the unit, so what differs must not be in it.
        assert not {"Restart", "MemoryMax", "TimeoutStartSec", "Type"} & set(
            re.findall(r"^(\w+)=", DROP_IN.read_text())
        )
        if values(path, "Type") != ["oneshot"]:
            assert values(path, "Restart") == ["always"], path.name


def test_each_process_gets_the_secrets_of_its_role_alone() -> None:
    common = {line.split(":")[0] for line in values(DROP_IN, "LoadCredential")}
    known = secrets.SECRETS | {secrets.LOG_KEY}
    for path in SERVICES:
        own = dict(line.split(":", 1) for line in values(path, "LoadCredential"))
        assert set(own) | common <= known, path.name
        role = Path(values(path, "EnvironmentFile")[0]).stem
        kind = "web" if role == "owner" else role
        assert own["DATABASE_URL"].endswith(f"/DATABASE_URL.{kind}"), path.name
        assert ("LOG_KEY" in own) == (path.name in SIGNERS), path.name
        assert bool({"OWNER_DATABASE_URL", "BACKUP_DATABASE_URL"} & set(own)) == (path.name in OWNERS), path.name
    assert not {"LOG_KEY", "OWNER_DATABASE_URL", "BACKUP_DATABASE_URL", "DATABASE_URL"} & common


def test_what_writes_into_var_may_and_finds_its_folder() -> None:
    made = set(re.findall(r"^d (\S+)", (SYSTEMD / "possys.tmpfiles.conf").read_text(), flags=re.MULTILINE))
    written = {folder for path in SERVICES for folder in values(path, "ReadWritePaths")}
    assert written <= made
    assert "/var/lib/possys/log" in written


def test_the_stores_settings_are_those_that_capture_demands(tmp_path: Path) -> None:
    lines = (PROJECT / "deploy" / "valkey.conf").read_text().splitlines()
    ours = dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))
    # The test's own address; less memory than a server of a nation has.
    own = {name: value for name, value in ours.items() if name != "bind"} | {"maxmemory": "64mb"}
    server = Valkey(tmp_path / "store", durable=False, maxmemory="64mb", settings=own)
    server.start()
    try:
        with connect(server.url) as client:
            assert unsafe_settings(client) == []
    finally:
        server.stop()


def test_postgresqls_settings_are_those_that_the_flush_demands() -> None:
    text = (PROJECT / "deploy" / "postgresql.conf").read_text()
    set_to = dict(re.findall(r"^(\w+) = '?([^'#\s]+)", text, flags=re.MULTILINE))
    assert all(set_to[name] in fine for name, fine in SAFE.items())
    assert set_to["wal_level"] == "replica"
    assert int(set_to["max_locks_per_transaction"]) >= 256
