"""`make run`: servers, database, demo, site and traffic, until Ctrl-C."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from possys.embedded.environment import for_role, merged
from possys.embedded.errand import Errand
from possys.embedded.history import History, chosen_weeks, count_when_fed
from possys.embedded.interrupts import ignore_interrupts, interrupts_wait
from possys.embedded.joining import keep_settings
from possys.embedded.keys import local_keys
from possys.embedded.launch import die_with_parent
from possys.embedded.lottery import Lottery
from possys.embedded.management import demo, health, prepare_site, set_up_django
from possys.embedded.office import offices
from possys.embedded.ports import HOST
from possys.embedded.replay import Replay
from possys.embedded.screen import alive_line, history_line, receipt_line, say, welcome
from possys.embedded.servers import LocalServers
from possys.embedded.site import site_programs, stores_zone
from possys.embedded.supervisor import Supervisor
from possys.embedded.web import choose_port, wait_until_answers
from possys.embedded.witness import LocalWitness

LOOK_EVERY_S = 1
ALIVE_EVERY_S = 5


def run(local: Path) -> None:
    """Run everything with its data in `local` until Ctrl-C or SIGTERM.

    Raises LocalServerError when something cannot start or keeps dying.
    """
    began, weeks = time.monotonic(), chosen_weeks()
    if "MAKELEVEL" in os.environ:
        # Killed with -9, make would leave us running without anyone to stop us.
        die_with_parent(os.getppid(), signal.SIGTERM)
    supervisor = Supervisor(say)
    with LocalServers(local, given=os.environ) as servers:
        try:
            port = choose_port(say)
            url = f"http://{HOST}:{port}"
            servers.note(f"process {os.getpid()}, {url}")
            witness = _witness(local)
            own = {"SITE_URL": url, **stores_zone(), **(witness.settings() if witness else _given_witnesses())}
            environment = merged(keep_settings(local, servers, own), os.environ)
            supervisor.start(servers.started)
            if witness:
                supervisor.start([witness.program(environment)])
            shown = _start_site(local, environment, port, supervisor)
            history = _start_history(local, environment, url, weeks, supervisor)
            replay = Replay(local, for_role(environment, "web"), url)
            supervisor.start([replay])
            print(welcome(url, shown), flush=True)
            say(f"started in {time.monotonic() - began:.1f} s; logs: {local / 'log'}; Ctrl-C stops everything")
            people = for_role(environment, "web")
            errands = [Lottery(local, people, url), *offices(local, people)]
            if history is None:
                supervisor.start(errands)
            _stay(supervisor, replay, history, errands, url)
        except KeyboardInterrupt:
            print(flush=True)
        finally:
            ignore_interrupts()
            supervisor.stop()


def _witness(local: Path) -> LocalWitness | None:
    """Return a witness of the local log; none for a log or witnesses of the person's own."""
    if any(os.environ.get(name) for name in ("LOG_KEY", "LOG_KEY_FILE", "WITNESSES")):
        return None
    return LocalWitness(local, local_keys(local)["LOG_KEY"])


def _given_witnesses() -> dict[str, str]:
    """Return the person's own witnesses, for `make manage` in another shell, which must know of them too."""
    return {name: os.environ[name] for name in ("WITNESSES", "WITNESS_QUORUM") if os.environ.get(name)}


def _start_site(local: Path, environment: dict[str, str], port: int, supervisor: Supervisor) -> dict[str, object]:
    """Prepare the database, start the site, wait for its first answer; return what `manage.py demo` tells."""
    set_up_django(for_role(environment, "owner"))
    say("preparing the database")
    # Half an opening of the capture store looks like the loss of one, which only an operator may declare.
    with interrupts_wait():
        prepare_site()
        shown = demo()
    say("starting the site")
    *workers, beat, gunicorn = site_programs(local, environment, port)
    for group in (workers, [beat], [gunicorn]):
        supervisor.start(group)
    wait_until_answers(port, supervisor.look, log=gunicorn.log)
    return shown


def _start_history(
    local: Path, environment: dict[str, str], url: str, weeks: int, supervisor: Supervisor
) -> History | None:
    """Start what loads the demo's past, if it is wanted; its tills' numbers are set aside when this returns."""
    if not weeks:
        return None
    history = History(local, for_role(environment, "web"), url, weeks)
    supervisor.start([history])
    history.wait_until_open(supervisor.look)
    return history


def _stay(supervisor: Supervisor, replay: Replay, history: History | None, errands: Sequence[Errand], url: str) -> None:
    """Look after everything and show that it is alive, until interrupted; with a past, the errands follow it."""
    # Only now are the settings those of this run.
    from possys.receipt_keys import links

    code_shown, to_count = False, False
    alive_at = time.monotonic()
    while True:
        time.sleep(LOOK_EVERY_S)
        supervisor.look()
        status = replay.status()
        if not code_shown and status.get("last_code"):
            code = status["last_code"]
            print(receipt_line(url, code, links().ending_of(code)), flush=True)
            code_shown = True
        if time.monotonic() - alive_at >= ALIVE_EVERY_S:
            alive_at = time.monotonic()
            found = _health()
            say(alive_line(status, found))
            if history is not None and not (history := _tell_of(history)):
                to_count = True
            elif to_count and count_when_fed(found):
                to_count = False
                supervisor.start(errands)


def _tell_of(history: History) -> History | None:
    """Show how far the demo's past is, and that it ended; return it while there is more to tell."""
    has_ended, status = history.has_ended, history.status()
    if status:
        say(history_line(status))
    if history.was_refused:
        say(f"the past is not loaded, see {history.log}")
    return None if has_ended or status.get("state") == "finished" else history


def _health() -> dict[str, object]:
    """Return the ledger's health, or what hinders it: the run goes on, as dead servers are started again."""
    try:
        return health()
    except Exception as fault:
        return {"fault": str(fault).splitlines()[0] if str(fault) else type(fault).__name__}
