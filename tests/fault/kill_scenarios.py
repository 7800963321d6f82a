"""Processes killed with -9 and started again, at random and at the flush's named points."""

import time

from possys.embedded.ports import is_free
from tests.fault.stage import ScenarioError, Stage, scenario
from tests.fault.system import BEAT, CHECKPOINTER, FEED, FLUSH, OTHER, WEB

FAILPOINTS = ("flush.before-copy", "flush.after-copy", "flush.before-commit", "flush.after-commit", "flush.after-trim")
# Half of the passes die, so that the others show that work goes on.
SHARE = 0.5
# What Celery logs when a pool process was killed.
DEATH = "SIGKILL"
SERVERS = {"store": "Valkey (capture store)", "broker": "Valkey (broker)", "PostgreSQL": "PostgreSQL"}
CHILD = "a process of "
# Ticks of a killed task come back with Beat's next look (5 s) once its hold has ended (5 s).
TICKS_BACK_S = 60


@scenario("kill-store", brief=True)
def kill_store(stage: Stage) -> str:
    """The capture store is killed with -9 and started again on its files."""
    stage.system.store.kill()
    stage.say("store killed")
    stage.linger(3, 1)
    stage.system.store.start()
    stage.sales_flow("after the store came back")
    return "reads its log, goes on"


@scenario("kill-postgres")
def kill_postgres(stage: Stage) -> str:
    """PostgreSQL is killed with -9 and started again at once."""
    stage.system.servers.postgres.kill()
    stage.say("PostgreSQL killed")
    stage.linger(2, 0.5)
    stage.system.servers.postgres.start()
    stage.sales_flow("after PostgreSQL came back")
    return "recovers, goes on"


@scenario("kill-broker")
def kill_broker(stage: Stage) -> str:
    """The broker is killed and comes back empty: ticks come back by themselves and the flush goes on."""
    stage.system.servers.broker.kill()
    stage.say("broker killed")
    stage.linger(8, 1)
    stage.sales_flow("without a broker")
    stage.system.servers.broker.start()
    before = stage.recorded()
    stage.wait_for(lambda: stage.recorded() > before, "a flush after the broker was wiped", TICKS_BACK_S)
    return "sales go on, ticks come back"


@scenario("kill-workers", brief=True)
def kill_workers(stage: Stage) -> str:
    """Flush worker, other worker, feed worker and Beat are killed with all their processes and started again."""
    for name in (FLUSH, OTHER, FEED, BEAT):
        stage.system.kill(name)
    stage.say("Celery workers and Beat killed")
    stage.linger(4, 1)
    stage.sales_flow("without Celery")
    for name in (FLUSH, OTHER, FEED, BEAT):
        stage.system.start(name)
    before = stage.recorded()
    stage.wait_for(lambda: stage.recorded() > before, "a flush after the workers came back", TICKS_BACK_S)
    return "a new worker ticks itself"


@scenario("kill-web", brief=True)
def kill_web(stage: Stage) -> str:
    """A gunicorn worker is killed, then the master (in the full run alone, so that its workers have to notice)."""
    for _ in range(1 if stage.brief else 3):
        stage.system.kill_child(WEB, stage.chance.choice)
        stage.say("gunicorn worker killed")
        stage.linger(2, 1)
    stage.sales_flow("after a worker was killed")
    stage.system.kill(WEB, group=stage.brief)
    stage.say("gunicorn master killed")
    # Its workers end what they have begun, for ten seconds at most; until then the port is theirs.
    stage.wait_for(lambda: is_free(stage.system.port), "the orphaned workers' end")
    stage.system.start(WEB)
    stage.sales_flow("after gunicorn came back")
    return "tills send again"


@scenario("failpoints", brief=True)
def failpoints(stage: Stage) -> str:
    """Flush processes die before and after COPY, COMMIT and trim."""
    points = ("flush.after-commit",) if stage.brief else FAILPOINTS
    log = stage.system.programs[FLUSH].log
    deaths = []
    for point in points:
        before = log.read_text().count(DEATH)
        stage.system.kill(FLUSH)
        stage.system.start(FLUSH, FAILPOINT=f"{point}:{SHARE}")
        stage.wait_for(lambda before=before: log.read_text().count(DEATH) > before, f"a death at {point}")  # type: ignore[misc]
        stage.linger(8, 0)
        deaths.append(log.read_text().count(DEATH) - before)
        stage.say(f"{deaths[-1]} deaths at {point}")
    stage.system.kill(FLUSH)
    stage.system.start(FLUSH)
    _all_points_by_hand(stage, points)
    return f"{sum(deaths)} deaths at {len(points)} points"


def _all_points_by_hand(stage: Stage, points: tuple[str, ...]) -> None:
    """The same with `manage.py flush`, which must die, too: so each point is certainly reached."""
    for point in points if not stage.brief else ():
        code, printed = stage.system.manage("flush", "--once", FAILPOINT=point)
        if code not in (0, -9):
            raise ScenarioError(f"manage.py flush --once with {point} answered {code}: {printed[-300:]}")


@scenario("random-kills")
def random_kills(stage: Stage) -> str:
    """One after the other is killed at random moments; what was killed is started again a moment later."""
    kills = 0
    until_s = time.monotonic() + (10 if stage.brief else 90)
    while time.monotonic() < until_s:
        victim = stage.chance.choice([*SERVERS, FLUSH, OTHER, CHECKPOINTER, BEAT, WEB, CHILD + WEB, CHILD + FLUSH])
        stage.say(f"killing {victim}")
        _kill_and_start(stage, victim, stage.chance.uniform(0, 3))
        kills += 1
        time.sleep(stage.chance.uniform(0.2, 4))
    stage.sales_flow("after random kills")
    return f"{kills} kills"


def _kill_and_start(stage: Stage, victim: str, pause_s: float) -> None:
    """kill -9, and after the pause a new start where nobody else starts it."""
    system = stage.system
    if victim in SERVERS:
        server = {server.name: server for server in system.servers.started}[SERVERS[victim]]
        server.kill()
        time.sleep(pause_s)
        server.start()
    elif victim.startswith(CHILD):
        system.kill_child(victim.removeprefix(CHILD), stage.chance.choice)
    else:
        system.kill(victim)
        time.sleep(pause_s)
        system.start(victim)
