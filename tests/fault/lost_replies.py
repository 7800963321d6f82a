"""Replies that are lost after the append: between till and web server, and between web server and store."""

from tests.fault.proxy import CuttingProxy
from tests.fault.stage import ScenarioError, Stage, scenario
from tests.fault.system import WEB
from tests.fault.traffic import Stream

# Of answers cut: often between tills and server; rarer behind it, where a request has several.
TILL_SHARE, STORE_SHARE = 0.2, 0.05
SINGLES = Stream("cut", 60, ("--live", "--workers", "1"))
BATCHES = Stream("cut-batches", 150, ("--live", "--batch", "100"))
# So many sales of one till in a batch that its state does not remember all their digests.
FEW_TILLS = Stream("few-tills", 150, ("--live", "--batch", "250", "--stores", "2"))


@scenario("replies-lost", brief=True)
def replies_lost(stage: Stage) -> str:
    """Answers are cut after the request went through: tills send again and get the same code."""
    proxy = CuttingProxy(stage.system.port, share=TILL_SHARE, seed=stage.chance.randrange(2**32))
    before = stage.traffic.counts().replayed
    with proxy:
        names = [
            stage.traffic.start(stream, f"http://127.0.0.1:{proxy.port}")
            for stream in ((SINGLES,) if stage.brief else (SINGLES, BATCHES))
        ]
        stage.wait_for(lambda: proxy.cuts > (5 if stage.brief else 50), "cut answers")
        for name in names:
            stage.traffic.stop(name)
    if stage.traffic.counts().replayed == before:
        raise ScenarioError("no sale was answered as one sent again, so nothing was proved")
    store_cuts = 0 if stage.brief else _between_web_and_store(stage)
    return f"{proxy.cuts} answers cut before tills, {store_cuts} before the web server"


def _between_web_and_store(stage: Stage) -> int:
    proxy = CuttingProxy(stage.system.store.port, share=STORE_SHARE, seed=stage.chance.randrange(2**32))
    url = stage.system.store.url.replace(f":{stage.system.store.port}/", f":{proxy.port}/")
    with proxy:
        stage.system.restart(WEB, REDIS_URL=url)
        stage.wait_for(lambda: proxy.cuts > 50, "cut replies of the store")
    stage.system.restart(WEB)
    stage.sales_flow("without cuts again")
    return proxy.cuts


@scenario("replies-lost-without-postgres")
def replies_lost_without_postgres(stage: Stage) -> str:
    """Answers are cut while PostgreSQL is away: what needs the ledger to judge is answered 503 until it is back."""
    proxy = CuttingProxy(stage.system.port, share=TILL_SHARE, seed=stage.chance.randrange(2**32))
    with proxy:
        name = stage.traffic.start(FEW_TILLS, f"http://127.0.0.1:{proxy.port}")
        stage.wait_for(lambda: stage.traffic.count_of(name).acknowledged > 0, "the first batches")
        stage.system.servers.postgres.kill()
        stage.say("PostgreSQL is away")
        cuts = proxy.cuts
        stage.wait_for(lambda: proxy.cuts > cuts + 5, "cut answers without PostgreSQL")
        stage.linger(10, 5)
        stage.system.servers.postgres.start()
        stage.sales_flow("with PostgreSQL back")
        stage.traffic.stop(name)
    return f"{proxy.cuts} answers cut"
