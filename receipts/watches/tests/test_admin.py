"""Staff see watches and the outbox with masked addresses, change nothing, and have failed mails sent again."""

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from receipts.watches.models import Mail, Watch
from receipts.watches.tasks import send_mails
from receipts.watches.tests.conftest import ADDRESS
from tests.people import Cast, make_cast, make_person, signed_in

WATCHES = "/admin/receipts/watch/"
MAILS = "/admin/receipts/mail/"
# Session, person, rights, filters and the page's rows, whose number does not matter.
LIST_QUERIES_MAX = 12


@pytest.fixture
def cast(ledger: object) -> Cast:
    return make_cast()


@pytest.fixture
def failed(watching: Watch) -> Mail:
    Mail.objects.update(state=Mail.State.FAILED, fault="550 no such mailbox")
    return Mail.objects.get()


def send_again(client: Client, failed: Mail) -> int:
    answer = client.post(MAILS, {"action": "send_again", "_selected_action": [str(failed.pk)]})
    return answer.status_code


@pytest.mark.parametrize("path", [WATCHES, MAILS])
def test_lists_show_masked_addresses_to_whoever_may_look(cast: Cast, failed: Mail, path: str) -> None:
    for client in (cast.viewer, cast.superuser):
        text = client.get(path).content.decode()
        assert failed.watch.code in text
        assert "j•••@example.org" in text
        assert ADDRESS not in text
    assert cast.without_rights.get(path).status_code == 403
    assert cast.anonymous.get(path).status_code == 302


def test_pages_of_one_show_no_address_and_change_nothing(cast: Cast, failed: Mail) -> None:
    for name, key in (("watch", failed.watch_id), ("mail", failed.pk)):
        url = reverse(f"admin:receipts_{name}_change", args=[key])
        page = cast.superuser.get(url)
        assert page.status_code == 200
        assert ADDRESS not in page.content.decode()
        assert cast.superuser.post(url, {"state": "sent"}).status_code == 403
        assert cast.superuser.post(reverse(f"admin:receipts_{name}_delete", args=[key])).status_code == 403
        assert cast.superuser.get(reverse(f"admin:receipts_{name}_add")).status_code == 403


@pytest.mark.parametrize("path", [WATCHES, MAILS])
def test_lists_cost_as_many_queries_however_long_they_are(cast: Cast, watching: Watch, path: str) -> None:
    for number in range(30):
        other = Watch.objects.create(
            code=watching.code, original=number, original_on=watching.original_on, address="x@example.org",
            mailbox="x@example.org", language="en", asked_at=watching.asked_at,
        )  # fmt: skip
        Mail.objects.create(watch=other, kind=Mail.Kind.CONFIRM, written_at=watching.asked_at, due_at=watching.asked_at)
    with CaptureQueriesContext(connection) as queries:
        assert cast.superuser.get(path).status_code == 200
    assert len(queries) <= LIST_QUERIES_MAX


def test_a_failed_mail_is_sent_again_by_whoever_may(cast: Cast, failed: Mail) -> None:
    send_again(cast.viewer, failed)
    assert Mail.objects.get().state == Mail.State.FAILED
    keeper = signed_in(make_person("keeper", "view_mail", "change_mail"))
    assert send_again(keeper, failed) == 302
    send_mails()
    assert [one.to for one in mail.outbox] == [[ADDRESS]]
    assert Mail.objects.get().state == Mail.State.SENT


def test_what_was_sent_is_not_sent_again(cast: Cast, watching: Watch) -> None:
    (sent,) = Mail.objects.all()
    send_again(cast.superuser, sent)
    send_mails()
    assert mail.outbox == []


def test_a_failed_answer_is_not_sent_again_while_another_waits(cast: Cast, failed: Mail) -> None:
    Mail.objects.create(
        watch=failed.watch, kind=Mail.Kind.ALREADY, written_at=failed.written_at, due_at=failed.written_at
    )
    send_again(cast.superuser, failed)
    failed.refresh_from_db()
    assert failed.state == Mail.State.FAILED
