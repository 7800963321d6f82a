"""Works the watches' outbox off (possys/outbox.py)."""

from collections.abc import Callable
from datetime import datetime

from django.core.mail import get_connection

from possys import outbox
from possys.outbox import Run
from receipts.watches.mails import compose
from receipts.watches.models import Mail


def send_due(clock: Callable[[], datetime]) -> Run:
    """Sends what is due, for half a minute at most."""
    connection = get_connection()
    rows = Mail.objects.select_related("watch")
    return outbox.send_due(rows, connection, lambda mail: compose(mail, connection).send(), clock)
