"""Works the lottery's outbox off (possys/outbox.py), each channel by itself: one that is away holds no other back."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from lottery.messages.models import Message
from lottery.messages.texts import text_of
from lottery.players.models import Kind
from possys import outbox, sms
from possys.outbox import Run
from possys.sms import Gateway

ROWS = Message.objects.select_related("confirmation", "player", "win__draw", "win__prize")


def send_mails(clock: Callable[[], datetime]) -> Run:
    """Sends the mails that are due."""
    connection = get_connection()

    def send(message: Message) -> None:
        text = text_of(message, clock())
        headers = {
            # The same at every try: a mail server that took one and could not say so can tell that it has it.
            "Message-ID": f"<{message.pk.hex}@{urlsplit(settings.SITE_URL).hostname}>",
            # RFC 3834: holiday notices are not answered to us.
            "Auto-Submitted": "auto-generated",
            "Content-Language": text.language,
        }
        EmailMessage(text.subject, text.body, to=[text.to], connection=connection, headers=headers).send()

    return outbox.send_due(ROWS.filter(channel=Kind.MAIL), connection, send, clock)


def send_text_messages(clock: Callable[[], datetime]) -> Run:
    """Sends the text messages that are due; without a gateway they wait."""
    if not sms.is_offered():
        return Run()
    gateway = Gateway()

    def send(message: Message) -> None:
        text = text_of(message, clock())
        gateway.send(str(message.pk), text.to, text.body.strip())

    return outbox.send_due(ROWS.filter(channel=Kind.PHONE), gateway, send, clock)
