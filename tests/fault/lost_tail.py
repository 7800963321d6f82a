"""The test of the oracle: a store that did not fsync loses its tail, and `reconcile` must see it."""

from tests.fault.oracle import drain, reconcile
from tests.fault.stage import Stage
from tests.fault.system import AOF, BEAT, FLUSH, OTHER, WEB
from tests.fault.traffic import STREAMS

NAME = "oracle-sees-a-lost-tail"


def lost_tail(stage: Stage) -> None:
    """With `appendfsync no` a power loss takes acknowledged sales; a run in which reconcile finds none is a failure.

    A web server looks at the store's settings each half minute and would then refuse; the setting is changed right
    after such a look, so that it takes sales unsafely for a few seconds. kill -9 alone loses nothing, as the kernel
    has the data: the file is cut to what it was when fsync ended, as a power loss would.
    """
    for name in (FLUSH, OTHER, BEAT):
        stage.system.kill(name)
    stage.system.restart(WEB)
    stage.traffic.start(STREAMS[0])
    stage.sales_flow("right after the look at the store's settings")
    log = max((stage.system.store.folder / AOF).glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
    size = log.stat().st_size
    stage.system.client().config_set("appendfsync", "no")
    stage.say("appendfsync no")
    stage.sales_flow("without fsync")
    stage.traffic.stop()
    stage.system.store.kill()
    lost_bytes = log.stat().st_size - size
    with log.open("r+b") as file:
        file.truncate(size)
    stage.say(f"power loss: {lost_bytes} bytes of the log are gone")
    stage.system.store.start()
    drain(stage)
    verdict = reconcile(stage)
    row = stage.report.row(NAME)
    row.times += 1
    row.recovered = row.times
    if verdict.code == 0 or verdict.missing == 0:
        stage.report.fault(NAME, "acknowledged sales were lost on purpose and reconcile did not see it")
    row.seen = f"reconcile answers {verdict.code} and names {verdict.missing} lost sales, as it must"
