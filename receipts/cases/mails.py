"""The one mail of a case: where its page is. Nothing that the customer typed is in it, so it carries nobody's words."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from possys.clock import now_ms, utc
from receipts.cases.models import Case


def case_url(number: str, secret: str) -> str:
    """The whole address of a case's page."""
    return str(settings.SITE_URL) + reverse("case", kwargs={"number": number, "secret": secret})


def mail_address(case_id: int, secret: str, language: str | None) -> None:
    """Mails a case's address once, in the language in which it was reported. Raises SMTPException, OSError."""
    case = Case.objects.filter(pk=case_id, mailed_at=None).exclude(contact="").first()
    if case is None:
        return
    with translation.override(language):
        subject = _("Your report %(number)s") % {"number": case.number}
        text = render_to_string(
            "receipts/cases/mail.txt", {"case": case, "url": case_url(case.number, secret), "site": settings.SITE_URL}
        )
    send_mail(subject, text, None, [case.contact])
    Case.objects.filter(pk=case_id).update(mailed_at=utc(now_ms()))
