"""Celery tasks: files of tills, some seconds at a time, and what is repaired and thrown away."""

import logging
import time
from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from fleet.models import Import, ImportChunk
from fleet.running import State, advance
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)

# The worker has other work, too, and the feed's.
STEP_S = 10
# A chunk takes tenths of a second: whoever has not moved for so long is dead, or its message was lost.
STANDS_STILL = timedelta(seconds=30)
# A file is kept for so long after its end, for a second try; what came of its rows stays.
KEPT_DAYS = 30


@shared_task(ignore_result=True)
def run_import(import_id: int) -> None:
    """Some chunks of a file, then the next ones. Twice at once does no harm."""
    begun_s = time.monotonic()
    found = advance(import_id, _now, lambda _: time.monotonic() - begun_s < STEP_S)
    if found is not None and not found.is_over:
        run_import.delay(import_id)
    elif found is not None:
        logger.info("import %d: %d of %d rows enrolled", import_id, found.rows_enrolled, found.rows_total)


@shared_task(ignore_result=True)
def resume_imports() -> None:
    """Queues the files that nobody works on."""
    before = _now() - STANDS_STILL
    waiting = Import.objects.filter(state=State.WAITING, created_at__lt=before)
    running = Import.objects.filter(state=State.RUNNING, moved_at__lt=before)
    for import_id in (waiting | running).values_list("pk", flat=True):
        run_import.delay(import_id)


@shared_task(ignore_result=True)
def purge_imports() -> None:
    """Throws away the files that ended long ago; their figures, results and faults stay."""
    over = Import.objects.filter(
        state__in=(State.DONE, State.STOPPED, State.FAILED), created_at__lt=_now() - timedelta(days=KEPT_DAYS)
    )
    ImportChunk.objects.filter(of__in=over).exclude(body=b"").update(body=b"")


def _now() -> datetime:
    return timezone.localtime(utc(now_ms()))
