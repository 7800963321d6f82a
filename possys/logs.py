"""Logs: a line of text on a desk, a JSON object a line in production, each with the request's or task's id.

Code logs as ever (`logging.getLogger(__name__)`); what structlog adds is said once, here. Exceptions are told without
the values of variables, which may be secrets or people's data.
"""

import logging.config
import os
from typing import Any

import structlog
from celery import signals
from django.conf import settings
from structlog.typing import EventDict, WrappedLogger

from possys.tracing import trace_id

FORMATS = ("json", "text")
TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
# The header in which a task carries the id of the request that queued it.
REQUEST_ID_HEADER = "request_id"


def configuration(kind: str, level: str) -> dict[str, Any]:
    """For `logging.config`; `kind` is one of FORMATS. Raises ValueError."""
    if kind not in FORMATS:
        raise ValueError(f"LOG_FORMAT is {kind!r}; it is one of {', '.join(FORMATS)}.")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": _json_lines} if kind == "json" else {"()": _TextLines, "fmt": TEXT}},
        "filters": {"away": {"()": "possys.database.faults.OneLine"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
            "alarms": {"class": "possys.alarm_lines.AlarmCounter", "level": "WARNING"},
        },
        "root": {"handlers": ["console", "alarms"], "level": level},
        # A refused sale is an answer, not a fault of this system: it is counted, not logged line by line.
        "loggers": {
            "django.request": {"level": "ERROR", "filters": ["away"]},
            # A dozen lines about tables of the font for every PDF.
            "fontTools": {"level": "WARNING"},
            # Django gives its own logger a handler of its own; once is enough.
            "django.server": {"handlers": ["console"], "propagate": False},
            # Gunicorn's, which come with handlers otherwise.
            "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        },
    }


class _TextLines(logging.Formatter):
    """A line of text, with the id at its end where there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """With what the request or task is known by."""
        known = structlog.contextvars.get_contextvars()
        return super().formatMessage(record) + "".join(f" {name}={value}" for name, value in known.items())


def _json_lines() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _add_place,
            structlog.processors.format_exc_info,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )


def _add_place(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["process"] = os.getpid()
    if found := trace_id():
        event["trace_id"] = found
    # What an extra of Django's holds of the request is an object, and its address may be a secret.
    event.pop("request", None)
    # Celery says the same again, in parts.
    event.pop("data", None)
    return event


@signals.setup_logging.connect
def _set_up_worker(**kwargs: Any) -> None:
    """Celery would put handlers of its own in the place of ours."""
    logging.config.dictConfig(settings.LOGGING)


@signals.before_task_publish.connect
def _send_id(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    known = structlog.contextvars.get_contextvars().get(REQUEST_ID_HEADER)
    if headers is not None and known:
        headers[REQUEST_ID_HEADER] = known


@signals.task_prerun.connect
def _take_id(task_id: str = "", task: Any = None, **kwargs: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    if known := getattr(task.request, REQUEST_ID_HEADER, None):
        structlog.contextvars.bind_contextvars(request_id=known)


@signals.task_postrun.connect
def _forget_id(**kwargs: Any) -> None:
    structlog.contextvars.clear_contextvars()
