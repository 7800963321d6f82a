"""The checkpointer killed at its named points: the log goes on as one, and nothing that was signed is unsigned."""

from django.db import connections

from tests.fault.stage import Stage, scenario
from tests.fault.system import CHECKPOINTER

FAILPOINTS = ("log.after-append", "log.before-sign", "log.after-sign")
SHARE = 0.5
# What Celery logs when a pool process was killed.
DEATH = "SIGKILL"
# Ticks of a killed task come back with Beat's next look (5 s) once its hold has ended (5 s).
TICKS_BACK_S = 60


@scenario("kill-checkpointer", brief=True)
def kill_checkpointer(stage: Stage) -> str:
    """The checkpointer dies between append and signature, before it and after it; then goes on."""
    points = FAILPOINTS[1:2] if stage.brief else FAILPOINTS
    log = stage.system.programs[CHECKPOINTER].log
    deaths = 0
    for point in points:
        before = log.read_text().count(DEATH)
        stage.system.kill(CHECKPOINTER)
        stage.system.start(CHECKPOINTER, FAILPOINT=f"{point}:{SHARE}")
        stage.wait_for(lambda before=before: log.read_text().count(DEATH) > before, f"a death at {point}")  # type: ignore[misc]
        stage.linger(8, 0)
        deaths += log.read_text().count(DEATH) - before
    stage.system.kill(CHECKPOINTER)
    stage.system.start(CHECKPOINTER)
    signed = _signed()
    stage.wait_for(lambda: _signed() > signed, "a checkpoint after the checkpointer came back", TICKS_BACK_S)
    return f"{deaths} deaths at {len(points)} points, signed on from {signed} leaves"


def _signed() -> int:
    """The newest checkpoint's size."""
    from ledger.log.models import Checkpoint

    try:
        return Checkpoint.objects.values_list("size", flat=True).first() or 0
    finally:
        connections.close_all()
