"""Counts the lines that begin with ALARM, so that one in any process's log reaches whoever is on duty.

What only a log says (a genuine code without a sale, a witness that contradicts, a day that cannot be closed) has no
figure of its own. The line itself is in the log of the process that said it.
"""

import logging

from possys import pulse

BEGINNING = "ALARM"
COUNT = "alarm_lines"


class AlarmCounter(logging.Handler):
    """A handler of the root logger (possys/logs.py) that writes nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        """Counts the line by its logger, of which there are as many as modules."""
        if record.getMessage().startswith(BEGINNING):
            pulse.add(COUNT, logger=record.name)
