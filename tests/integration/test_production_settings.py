"""The examples in deploy/environment/, filled in, pass every check, and each server refuses what does not."""

import os
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.production import PROJECT, credentials, example, role_secrets, shared_secrets, witnesses

# Reached only by what hangs.
START_LIMIT_S = 300
GUNICORN = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "127.0.0.1:0", "--workers", "1"]
CELERY = ["-m", "celery", "--app", "possys"]
SERVERS = {
    "gunicorn": GUNICORN,
    "worker": [*CELERY, "worker", "--queues", "feed", "--concurrency", "1"],
    "beat": [*CELERY, "beat"],
}
# Of the machine that a test runs on, not of settings: nothing is collected or compiled there, nor OpenMP installed.
OF_THE_MACHINE = {"possys.W001", "possys.W006", "possys.W037"}


def production(role: str, folder: Path, **changed: str) -> dict[str, str]:
    """The environment of a role's process: both files, its secrets as systemd's credentials, what a test changes."""
    (folder / "archive").mkdir(parents=True)
    (folder / "log").mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    told = {**example("common", folder), **example(role, folder), "WITNESSES": witnesses(), "WITNESS_QUORUM": "1"}
    secrets = credentials(folder / "credentials", {**shared_secrets(), **role_secrets(role)})
    return {**kept, **told, "CREDENTIALS_DIRECTORY": str(secrets), **changed}


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=PROJECT, timeout=START_LIMIT_S, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return ended.returncode, ended.stdout


def test_the_examples_filled_in_pass_all_checks_of_django_and_of_this_project(tmp_path: Path) -> None:
    def said(role: str) -> tuple[int, set[str], str]:
        code, printed = run(production(role, tmp_path / role), "manage.py", "check", "--deploy")
        return code, set(re.findall(r"\(([a-z_]+\.[EW]\d+)\)", printed)) - OF_THE_MACHINE, printed

    with ThreadPoolExecutor() as pool:
        web, log = pool.map(said, ["web", "log"])
    assert web[:2] == (0, set()), web
    # The checkpointer sends no mails.
    assert log[:2] == (0, {"possys.W004"}), log


def test_each_server_refuses_unsafe_settings_and_names_them(tmp_path: Path) -> None:
    def start(server: str) -> tuple[int, str]:
        # Beat keeps its schedule in the working folder, if it is told nothing else.
        place = ["--schedule", str(tmp_path / "schedule")] if server == "beat" else []
        environment = production("web", tmp_path / server, ALLOWED_HOSTS="*", SECURE_HSTS_SECONDS="0")
        return run(environment, *SERVERS[server], *place)

    with ThreadPoolExecutor() as pool:
        for code, said in pool.map(start, SERVERS):
            assert code == 3, said
            assert "possys.E012" in said
            assert "possys.E015" in said
            assert "not started" in said


def test_gunicorn_starts_with_safe_settings_and_says_so_to_systemd_once_it_answers(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(START_LIMIT_S)
        log = (tmp_path / "log.txt").open("wb")
        environment = production("web", tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"))
        server = subprocess.Popen(
            [sys.executable, *GUNICORN], env=environment, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            assert b"READY=1" in systemd.recv(1000)
            assert server.poll() is None
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(START_LIMIT_S) == 0
            log.close()
    said = (tmp_path / "log.txt").read_text()
    assert "Booting worker" in said
    for name in (tmp_path / "credentials").iterdir():
        # What it was told is nowhere in its log.
        assert name.read_text().strip() not in said
    assert "p$w" not in said
