"""Watches are kept, told and sent with the web's role in the database, which is the mail worker's."""

from collections.abc import Callable

from django.core import mail
from django.test import Client

from possys import receipt_keys
from receipts.watches.models import Mail, Watch
from receipts.watches.tasks import look_for_all_corrections, look_for_corrections, purge_watches, send_mails
from receipts.watches.tests.conftest import path_in
from tests.factories import make_refund
from tests.roles import as_role
from tests.tills import Till


def test_the_mail_worker_needs_no_right_but_the_webs(
    roles: None, till: Till, flush_everything: Callable[[], object], client: Client
) -> None:
    code = till.send().json()["code"]
    flush_everything()
    with as_role("web"):
        client.post(f"/{receipt_keys.links().ending_of(code)}/watch", {"address": "jana@example.org"})
        send_mails()
        client.post(path_in(str(mail.outbox[0].body), "/watch/confirm/"))
    till.send(make_refund(code, terminal=till.number, sequence=50))
    flush_everything()
    with as_role("web"):
        look_for_corrections()
        look_for_all_corrections()
        send_mails()
        purge_watches()
        assert len(mail.outbox) == 2
        assert Mail.objects.filter(state=Mail.State.SENT).count() == 2
        client.post(path_in(str(mail.outbox[1].body), "/watch/remove/"))
    assert not Watch.objects.exists()
