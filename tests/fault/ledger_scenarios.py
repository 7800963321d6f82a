"""PostgreSQL away, flushes that race, and a damaged shard."""

import time
from datetime import date

from django.db import connections

from ledger.partitions import existing_days
from tests.fault.stage import ScenarioError, Stage, scenario
from tests.fault.system import FLUSH
from tests.fault.traffic import Stream
from transactions.stream import SHARD_COUNT, ShardHead, read_heads, stream_key

RACERS = 3
# A rebuild of all shards takes some seconds; a kill within these falls into it.
REBUILD_KILL_S = (1.5, 5.0)


@scenario("postgres-away", brief=True)
def postgres_away(stage: Stage) -> str:
    """PostgreSQL is away for two minutes: sales go on, also when a gunicorn worker dies; then the backlog drains."""
    stage.system.servers.postgres.kill()
    stage.say("PostgreSQL is away")
    stage.sales_flow("without PostgreSQL")
    stage.system.kill_child("gunicorn", stage.chance.choice)
    stage.linger(118, 5)
    stage.sales_flow("at the end of PostgreSQL's absence")
    stage.system.servers.postgres.start()
    stage.say(f"PostgreSQL is back, {stage.system.health()['waiting']} records wait")
    stage.wait_for(lambda: stage.system.health()["waiting"] < FEW_WAITING, "draining the backlog")
    return "sales go on, the backlog drains by itself"


# What always waits while sales come in: less than a second and a half of them.
FEW_WAITING = 1500


@scenario("flushes-race", brief=True)
def flushes_race(stage: Stage) -> str:
    """Three `flush --once` and Celery race for the same shards, and for days that have no partition yet."""
    stage.system.programs[FLUSH].stop()
    days = _days()
    oldest = stage.chance.randrange(40_000, 155_000)
    old = Stream("old-days", 300, ("--batch", "100", "--baskets", str(oldest), "--stores", "60"))
    name = stage.traffic.start(old)
    stage.wait_for(lambda: stage.traffic.count_of(name).acknowledged > 150, "old sales")
    racers = [stage.system.command("flush", "--once") for _ in range(RACERS)]
    stage.system.start(FLUSH)
    stage.linger(6, 0)
    for racer in racers:
        printed, _ = racer.communicate()
        if racer.returncode != 0:
            stage.fault(f"a racing flush --once answered {racer.returncode}: {printed[-500:]}")
    stage.traffic.stop(name)
    made = len(_days()) - len(days)
    if not made:
        raise ScenarioError("the race made no new day, so it proved nothing")
    return f"{made} days made by {RACERS + 2} flushes"


def _days() -> set[date]:
    try:
        return existing_days("ledger_entry", "default")
    finally:
        connections.close_all()


@scenario("damaged-entry", brief=True)
def damaged_entry(stage: Stage) -> str:
    """A bad entry stands in one shard's stream: it stops with an alarm, the others go on, a rebuild mends it."""
    client, shard = stage.system.client(), _busy_shard(stage)
    while True:
        head = read_heads(client, [shard])[0]
        try:
            client.xadd(stream_key(shard), {"d": b"damaged"}, id=f"{head.epoch}-{head.number + 1}")
            break
        except Exception as fault:
            if "equal or smaller" not in str(fault):
                raise
    stage.say(f"a bad entry {head.epoch}-{head.number + 1} in shard {shard}")
    _must_stop(stage, shard)
    code, printed = stage.system.manage("rebuild_store", "--shard", str(shard), "--reason", "fault test: damaged entry")
    stage.say(f"rebuild_store --shard {shard}: {printed}")
    if "damaged" not in printed or code == 0:
        stage.fault(f"rebuild_store did not tell of the damaged entry ({code}): {printed[-300:]}")
    asides = [name.decode() for name in client.scan_iter(match=f"*s{shard}?:stream:aside:*")]
    if not asides:
        stage.fault("rebuild_store says that the damaged entry was kept aside, and it was deleted")
    elif not any(b"damaged" in fields.values() for name in asides for _, fields in client.xrange(name) or () if fields):
        stage.fault(f"the damaged entry is not in {asides}")
    # An operator has looked at it; otherwise every later rebuild would tell of it again.
    for name in asides:
        client.delete(name)
    _must_go_on(stage, shard)
    return f"shard {shard} stopped alone, mended by rebuild_store --shard"


@scenario("missing-number")
def missing_number(stage: Stage) -> str:
    """Numbers are missing in one shard's stream: it stops with an alarm, the others go on, a rebuild mends it."""
    shard = _busy_shard(stage)
    stage.system.client().hincrby(f"{{s{shard}}}:head", "number", 3)
    stage.say(f"three numbers left out in shard {shard}")
    _must_stop(stage, shard)
    stage.manage("rebuild_store", "--shard", str(shard), "--reason", "fault test: missing numbers")
    _must_go_on(stage, shard)
    return f"shard {shard} stopped alone, mended by rebuild_store --shard"


def _busy_shard(stage: Stage) -> int:
    """A shard that certainly gets sales."""
    heads: list[ShardHead] = read_heads(stage.system.client(), range(SHARD_COUNT))
    busiest = sorted(range(SHARD_COUNT), key=lambda shard: heads[shard].number)[-8:]
    return stage.chance.choice(busiest)


def _must_stop(stage: Stage, shard: int) -> None:
    """The shard stops alone, and the ledger goes on growing."""
    stage.wait_for(lambda: str(shard) in stage.stopped(), f"stopping shard {shard}")
    stopped = stage.stopped()
    stage.say(f"stopped: {stopped}")
    if set(stopped) != {str(shard)}:
        raise ScenarioError(f"other shards stopped, too: {stopped}")
    before = stage.recorded()
    stage.wait_for(lambda: stage.recorded() > before, "flushing the other shards")


def _must_go_on(stage: Stage, shard: int) -> None:
    before = read_heads(stage.system.client(), [shard])[0].number
    stage.wait_for(
        lambda: read_heads(stage.system.client(), [shard])[0].number > before, f"sales in the mended shard {shard}"
    )


@scenario("rebuild-killed")
def rebuild_killed(stage: Stage) -> str:
    """`rebuild_store` is killed with -9 in the middle, and run again."""
    process = stage.system.command("rebuild_store", "--reason", "fault test: to be killed")
    time.sleep(stage.chance.uniform(*REBUILD_KILL_S))
    process.kill()
    process.communicate()
    stage.say(f"rebuild_store ended with {process.returncode}")
    stage.manage("rebuild_store", "--reason", "fault test: after a killed one")
    stage.sales_flow("after the rebuild")
    return "raised once more, nothing lost"
