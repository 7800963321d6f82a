"""Which errors say that PostgreSQL itself cannot be asked, and how they are logged."""

import logging

from django.db import InterfaceError, OperationalError

# Classes of SQLSTATE in which the server or the line to it is not there; other OperationalErrors are a deadlock, a full
# disk and the like. Without a code the error is the driver's own: refused, broken off, given up.
AWAY_CODES = ("08", "57P", "53300")


def is_away(fault: BaseException | None) -> bool:
    """Whether it says that the database cannot be asked at all."""
    if not isinstance(fault, OperationalError | InterfaceError):
        return False
    code = getattr(fault.__cause__, "sqlstate", None)
    return code is None or code.startswith(AWAY_CODES)


class OneLine(logging.Filter):
    """Of a request that failed by it a line: while PostgreSQL is away, each page's traceback would be the same."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything through."""
        if record.exc_info and is_away(record.exc_info[1]):
            record.msg, record.exc_info = f"{record.msg}, as PostgreSQL is away", None
        return True
