"""Checkpointer and witness killed: the log goes on as one, nothing that was signed is unsigned, nobody waits."""

from collections.abc import Callable
from typing import TypeVar

from django.db import connections

from tests.fault.stage import Stage, scenario
from tests.fault.system import CHECKPOINTER, WITNESS

Asked = TypeVar("Asked")

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


@scenario("witness-away")
def witness_away(stage: Stage) -> str:
    """The only witness is killed: signing goes on, it is named, and it catches up when it is back."""
    stage.system.kill(WITNESS)
    signed, cosigned = _signed(), _cosigned()
    stage.wait_for(lambda: _signed() > signed, "a checkpoint without a witness")
    stage.linger(5, 2)
    stage.wait_for(lambda: _witness_fault() != "", "the fault of the witness that is away")
    stage.system.start(WITNESS)
    stage.wait_for(lambda: _cosigned() > cosigned, "a cosignature after the witness came back")
    stage.wait_for(lambda: _witness_fault() == "", "the end of the fault")
    return f"signed on without it, cosigned again from {cosigned} leaves"


def _signed() -> int:
    """The newest checkpoint's size."""
    from ledger.log.models import Checkpoint

    return _asked(lambda: Checkpoint.objects.values_list("size", flat=True).first()) or 0


def _cosigned() -> int:
    """The newest cosigned checkpoint's size."""
    from ledger.log.models import Cosignature

    return _asked(lambda: Cosignature.objects.values_list("checkpoint_size", flat=True).first()) or 0


def _witness_fault() -> str:
    from ledger.log.models import WitnessContact

    return _asked(lambda: WitnessContact.objects.values_list("fault", flat=True).first()) or ""


def _asked(question: Callable[[], Asked]) -> Asked:
    """The answer, on a connection that is not kept: the next scenario may kill PostgreSQL."""
    try:
        return question()
    finally:
        connections.close_all()
