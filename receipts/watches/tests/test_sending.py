"""The outbox: nothing is lost and nothing sent twice, whatever the mail server, the ledger or the workers do."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from possys import outbox
from possys.clock import now_ms, utc
from possys.outbox import FIRST_PAUSE, PAUSE_MAX, TRIES_MAX, Run, pause_after
from receipts.watches import operations
from receipts.watches.models import Mail, Watch
from receipts.watches.sending import send_due
from receipts.watches.tasks import look_for_corrections, send_mails
from receipts.watches.tests.conftest import ADDRESS, parsed
from receipts.watches.tests.mail_server import MailServer
from tests.scraping import scrape

TakeBack = Callable[..., str]


def send(after: timedelta = timedelta()) -> Run:
    """One run so much later."""
    return send_due(lambda: utc(now_ms()) + after)


def test_a_mail_reaches_a_real_server_with_its_headers(client: Client, linked: str, mail_server: MailServer) -> None:
    client.post(linked, {"address": ADDRESS})
    send_mails()
    (raw,) = mail_server.mails
    got = parsed(raw)
    assert got["To"] == ADDRESS
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["List-Unsubscribe"].strip().startswith("<http")
    assert "/watch/confirm/" in got.get_content()
    assert got["Message-ID"] == f"<{Mail.objects.get().pk.hex}@127.0.0.1>"


def test_a_mail_server_that_is_down_delays_and_loses_nothing(
    client: Client, linked: str, mail_server: MailServer
) -> None:
    client.post(linked, {"address": ADDRESS})
    mail_server.stop()
    for _ in range(TRIES_MAX + 1):
        assert send() == Run(is_away=True)
    waiting = Mail.objects.get()
    assert (waiting.state, waiting.tries) == (Mail.State.WAITING, 0)
    assert scrape()["possys_mails_waiting"][""] == 1
    mail_server.start()
    assert send() == Run(sent=1)
    assert len(mail_server.mails) == 1
    assert send() == Run()
    assert scrape()["possys_mails_waiting"][""] == 0


def test_a_mail_that_is_refused_for_now_is_tried_ever_less_often_and_then_given_up(
    client: Client, linked: str, mail_server: MailServer
) -> None:
    client.post(linked, {"address": ADDRESS})
    mail_server.refuse_with = "450 try later"
    assert send() == Run(put_off=1)
    assert send() == Run(), "it was tried again at once"
    later = timedelta()
    for number in range(1, TRIES_MAX):
        later += pause_after(number) + timedelta(minutes=1)
        run = send(later)
    assert run == Run(failed=1)
    given_up = Mail.objects.get()
    assert (given_up.state, given_up.tries) == (Mail.State.FAILED, TRIES_MAX)
    assert "try later" in given_up.fault
    assert scrape()["possys_mails_failed"][""] == 1
    mail_server.refuse_with = ""
    assert send(later + timedelta(days=9)) == Run()
    assert operations.send_again([given_up.pk], utc(now_ms())) == 1
    assert send() == Run(sent=1)
    assert len(mail_server.mails) == 1


def test_an_address_that_does_not_exist_is_given_up_at_once(
    client: Client, linked: str, mail_server: MailServer
) -> None:
    client.post(linked, {"address": ADDRESS})
    mail_server.refuse_with = "550 no such mailbox"
    assert send() == Run(failed=1)
    assert "no such mailbox" in Mail.objects.get().fault


def test_one_refused_mail_does_not_keep_the_others(client: Client, linked: str, mail_server: MailServer) -> None:
    for number in range(3):
        client.post(linked, {"address": f"{number}@example.org"})
    mail_server.refuse_with = "450 try later"
    assert send() == Run(put_off=3)
    mail_server.refuse_with = ""
    assert send(FIRST_PAUSE * 2) == Run(sent=3)


def test_a_mail_that_cannot_be_written_does_not_keep_the_others(
    client: Client, linked: str, watching: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    # An identity that no terminal can have, so that no code can be made of it.
    Mail.objects.create(
        watch=watching, kind=Mail.Kind.TOLD, correction=-1, correction_on=watching.original_on,
        written_at=watching.asked_at, due_at=watching.asked_at,
    )  # fmt: skip
    client.post(linked, {"address": "other@example.org"})
    assert send() == Run(sent=1, put_off=1)
    assert "cannot be written or sent" in caplog.text


@pytest.mark.parametrize("workers", [4])
def test_workers_side_by_side_send_each_mail_once(
    client: Client, linked: str, mail_server: MailServer, workers: int
) -> None:
    count = 9
    for number in range(count):
        client.post(linked, {"address": f"{number}@example.org"})
    mail_server.takes_s = 0.05
    runs: list[Run] = []

    def work() -> None:
        runs.append(send())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run.sent for run in runs) == count
    assert sorted(parsed(raw)["To"] for raw in mail_server.mails) == [f"{n}@example.org" for n in range(count)]
    assert sum(run.sent > 0 for run in runs) > 1, "they did not work side by side"


def test_while_the_ledger_is_away_a_mail_that_needs_it_waits(
    watching: Watch, take_back: TakeBack, monkeypatch: pytest.MonkeyPatch, store_away: Callable[[], None]
) -> None:
    take_back(watching.code)
    look_for_corrections()
    # A code that is neither recorded nor known to a store that is away: nothing can be said of it.
    waiting = Mail.objects.get(kind=Mail.Kind.TOLD)
    right = waiting.correction
    assert right is not None
    Mail.objects.filter(pk=waiting.pk).update(correction=right + 100)
    store_away()
    assert send() == Run(put_off=1)
    waiting.refresh_from_db()
    assert (waiting.tries, waiting.state) == (0, Mail.State.WAITING)
    Mail.objects.filter(pk=waiting.pk).update(correction=right)
    assert send(timedelta(minutes=2)) == Run(sent=1)


def test_a_removed_watch_takes_its_waiting_mails_along(client: Client, watching: Watch, take_back: TakeBack) -> None:
    take_back(watching.code)
    look_for_corrections()
    operations.remove(watching.pk)
    send_mails()
    assert mail.outbox == []


def test_pauses_double_up_to_a_limit() -> None:
    pauses = [pause_after(tries) for tries in range(1, TRIES_MAX)]
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses[-1] == PAUSE_MAX
    assert timedelta(hours=40) < sum(pauses, timedelta()) < timedelta(days=3)
    assert outbox.RUN_S > 0
