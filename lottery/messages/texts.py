"""What the messages say: plain text in the player's language, with links that open nothing without signing in."""

from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from lottery.messages.models import Message
from lottery.players.codes import CODE_MINUTES, CODE_VALID, code_of
from possys.outbox import RefusedError


class Text(NamedTuple):
    """To whom, and what; `subject` is for mails."""

    to: str
    language: str
    subject: str
    body: str


def text_of(message: Message, now: datetime) -> Text:
    """The message as it is sent. Raises RefusedError for a code that has run out while it waited."""
    whose = message.confirmation or message.player
    assert whose is not None
    if message.confirmation is not None and now - message.confirmation.asked_at > CODE_VALID:
        raise RefusedError("the code ran out before it could be sent")
    with translation.override(whose.language):
        body = render_to_string(f"lottery/messages/{message.kind}.{message.channel}.txt", _context(message))
        return Text(whose.contact, whose.language, " ".join(_subject(message).split()), body.strip() + "\n")


def _context(message: Message) -> dict[str, Any]:
    if message.confirmation is not None:
        return {"code": code_of(message.confirmation.pk), "minutes": CODE_MINUTES}
    win = message.win
    assert win is not None
    address = reverse("lottery-claim", kwargs={"win": win.pk})
    return {"win": win, "draw": win.draw, "prize": win.prize, "claim_url": f"{settings.SITE_URL}{address}"}


def _subject(message: Message) -> str:
    if message.confirmation is not None:
        return _("Your code: %(code)s") % {"code": code_of(message.confirmation.pk)}
    assert message.win is not None
    said = {"number": message.win.draw.number}
    return {
        Message.Kind.WON: _("Your receipt has won in draw %(number)d"),
        Message.Kind.REMINDER: _("Your prize of draw %(number)d waits for you"),
        Message.Kind.REFUSED: _("Your prize of draw %(number)d cannot be paid"),
        Message.Kind.PAID: _("Your prize of draw %(number)d was paid"),
    }[Message.Kind(message.kind)] % said
