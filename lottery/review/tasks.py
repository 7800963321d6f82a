"""The looks for abuse: every night, and for one draw when a reviewer asks for it."""

import logging

from celery import shared_task

from lottery.draws.queries import draw_numbered
from lottery.review.operations import look, look_at_all
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def look_for_abuse() -> None:
    """Every draw that is open or not yet published. Twice does no harm."""
    for number, looked in look_at_all(utc(now_ms())).items():
        logger.info("draw %d: %d players to be reviewed, %d of them new", number, looked.is_open, looked.new)


@shared_task(ignore_result=True)
def look_at_draw(number: int) -> None:
    """One draw, now."""
    looked = look(draw_numbered(number), utc(now_ms()))
    logger.info("draw %d: %d players to be reviewed, %d of them new", number, looked.is_open, looked.new)
