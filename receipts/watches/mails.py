"""What the mails say: plain text in the language of whoever asked, no picture and no link that counts readers."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from possys import receipt_keys
from possys.outbox import NotNowError
from receipts.queries import Finding, State, find_receipt
from receipts.watches.models import Mail, Watch
from receipts.watches.operations import SPANS, code_of
from receipts.watches.tokens import Purpose, token_of


def compose(mail: Mail, connection: BaseEmailBackend | None = None) -> EmailMessage:
    """The mail as it is sent, with `watch` at hand. Raises NotNowError."""
    watch = mail.watch
    with translation.override(watch.language):
        context = {
            "code": watch.code,
            **SPANS,
            "confirm_url": _url("watch-confirm", watch, Purpose.CONFIRM),
            "remove_url": (remove_url := _url("watch-remove", watch, Purpose.REMOVE)),
        }
        if mail.kind == Mail.Kind.TOLD:
            context |= _told(mail)
        subject = _subject(mail, context)
        body = render_to_string(f"receipts/watches/{mail.kind}.txt", context)
    return EmailMessage(
        subject,
        body.strip() + "\n",
        to=[watch.address],
        connection=connection,
        headers={
            # The same at every try: a mail server that took one and could not say so can tell that it has it.
            "Message-ID": f"<{mail.pk.hex}@{urlsplit(settings.SITE_URL).hostname}>",
            # RFC 8058: a mail program's own button removes the watch with one POST.
            "List-Unsubscribe": f"<{remove_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # RFC 3834: holiday notices are not answered to us.
            "Auto-Submitted": "auto-generated",
            "Content-Language": watch.language,
        },
    )


def _subject(mail: Mail, context: dict[str, Any]) -> str:
    if mail.kind == Mail.Kind.CONFIRM:
        return _("Please confirm: watch receipt %(code)s") % context
    if mail.kind == Mail.Kind.ALREADY:
        return _("You are watching receipt %(code)s already") % context
    if context["is_void"]:
        return _("Receipt %(code)s was voided") % context
    return _("Receipt %(code)s was refunded") % context


def _told(mail: Mail) -> dict[str, Any]:
    """What a refund or void says of itself; `receipt` is None where the record was removed or damaged since."""
    assert mail.correction is not None
    assert mail.correction_on is not None
    code = code_of(mail.correction, mail.correction_on)
    found, watched = _found(code), _found(mail.watch.code)
    link = f"{settings.SITE_URL}/{receipt_keys.links().ending_of(mail.watch.code)}"
    is_void = found.receipt is not None and found.receipt.sale.type == "void"
    return {
        "correction_code": code,
        "receipt": found.receipt,
        "watched": watched.receipt,
        "back": 0 if found.receipt is None else -found.receipt.sale.total,
        "is_void": is_void,
        "receipt_url": link,
    }


def _found(code: str) -> Finding:
    finding = find_receipt(code)
    if finding.state is State.UNKNOWN:
        raise NotNowError
    return finding


def _url(name: str, watch: Watch, purpose: Purpose) -> str:
    return str(settings.SITE_URL) + reverse(name, kwargs={"token": token_of(watch.pk, purpose)})
