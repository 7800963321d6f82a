"""The page to follow a report by: who may see it, what each state says, adding to it, the mail with its address."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from possys.codes import ALPHABET
from receipts.cases import operations
from receipts.cases.models import TEXT_MAX, Case, Event, State
from receipts.cases.numbers import NUMBER_LENGTH, new_number, new_secret, read_number
from receipts.cases.operations import MESSAGES_MAX, Work, work_on
from receipts.cases.queries import find_case
from receipts.cases.tests.conftest import picture
from receipts.limits import REPORTS
from tests.people import make_person

Reported = Callable[..., tuple[Case, str]]
# The case and its events.
PAGE_QUERIES = 2
NOBODY_PORT = 1
# The client tries some times before it gives up.
QUEUE_S_MAX = 20


def worked(case: Case, **work: Any) -> None:
    """One of the staff does this to the case."""
    from possys.accounts.models import User

    clerk = User.objects.filter(username="clerk").first() or make_person("clerk")
    seen = Event.objects.filter(case=case).count()
    work_on(case, clerk, Work(**{"seen": seen, "state": State(Case.objects.get(pk=case.pk).state), **work}))


def test_a_number_can_be_told_on_the_telephone() -> None:
    number = new_number()
    assert [len(group) for group in number.split("-")] == [4, 4, 4]
    assert read_number(f" {number.lower().replace('-', ' ')} ") == number
    for wrong in ("", "ABCD", number + "0", "x" * 1000, "?" * NUMBER_LENGTH):
        assert read_number(wrong) is None


def test_one_wrong_symbol_and_two_swapped_ones_make_no_number() -> None:
    symbols = "7K2M0QXW4ZT"
    from possys.codes import check_symbol

    number = symbols + check_symbol(symbols)
    for place, symbol in enumerate(number):
        for other in ALPHABET.replace(symbol, ""):
            assert read_number(number[:place] + other + number[place + 1 :]) is None
    for place in range(NUMBER_LENGTH - 1):
        if number[place] != number[place + 1]:
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            assert read_number(swapped) is None


def test_a_wrong_secret_is_answered_like_a_number_that_is_none(client: Client, reported: Reported) -> None:
    case, address = reported()
    secret = address.rpartition("/")[2]
    unknown = client.get(f"/report/{new_number()}/{secret}")
    for wrong in (
        f"/report/{case.number}/{new_secret()}",
        f"/report/{case.number}/x",
        f"/report/nonsense/{secret}",
        f"/report/{case.number}/%00",
    ):
        page = client.get(wrong)
        assert page.status_code == unknown.status_code == 404
        assert page.content == unknown.content
        assert client.post(wrong, {"text": "Hello"}).status_code == 404
    assert client.get(f"/report/{case.number.lower()}/{secret}").status_code == 200
    assert Event.objects.count() == 0


def test_a_case_of_the_system_is_opened_by_no_secret(db: None) -> None:
    Case.objects.create(number=new_number(), source="system", kind="missing", what="x", created_at="2026-01-01T00:00Z")
    number = Case.objects.get().number
    for secret in ("", "x", bytes(32).decode()):
        assert find_case(number, secret) is None


def test_the_page_says_what_was_reported_but_not_the_whole_contact(
    client: Client, reported: Reported, django_assert_num_queries: Any
) -> None:
    case, address = reported(contact="jana.novakova@example.com", what="<b>No</b> receipt", photo=picture())
    with django_assert_num_queries(PAGE_QUERIES):
        page = client.get(address)
    text = page.content.decode()
    for shown in (
        case.number, "Received", "17:40",
        "&lt;b&gt;No&lt;/b&gt; receipt", "Corner Shop, 1 High Street", "129,90 Kč",
        "j…@example.com", "seen by our staff only", django_settings.SITE_URL + address,
    ):  # fmt: skip
        assert shown in text, shown
    assert "novakova" not in text
    assert page["Cache-Control"] == "no-store"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert page["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in page["Content-Security-Policy"]


@pytest.mark.parametrize("state", list(State))
def test_each_state_has_its_own_sentence(client: Client, reported: Reported, state: State) -> None:
    case, address = reported()
    worked(case, state=state)
    text = client.get(address).content.decode()
    sentences = {
        State.RECEIVED: "Nobody has looked at it yet.",
        State.LOOKED_AT: "Somebody is looking into your report.",
        State.ANSWERED: "Your report was answered",
        State.CLOSED: "This report is closed.",
    }
    assert [one for one, sentence in sentences.items() if sentence in text] == [state]
    assert ("Send the message" in text) == (state != State.CLOSED)


def test_answers_are_shown_and_internal_notes_are_not(
    client: Client, reported: Reported, django_assert_num_queries: Any
) -> None:
    case, address = reported()
    worked(case, answer="The shop has sent it now.", note="The owner is known for this.")
    with django_assert_num_queries(PAGE_QUERIES):
        text = client.get(address).content.decode()
    assert "The shop has sent it now." in text
    assert "known for this" not in text
    # Nor who it was.
    assert "clerk" not in text


def test_a_message_is_added_and_an_answered_case_waits_again(client: Client, reported: Reported) -> None:
    case, address = reported()
    worked(case, answer="Which shop?")
    answer = client.post(address, {"text": "The one\r\nat the corner.", "website": ""})
    assert (answer.status_code, answer["Location"]) == (303, address)
    case.refresh_from_db()
    assert case.state == State.LOOKED_AT
    assert "The one<br>at the corner." in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"text": " "}, "Write something"),
        ({}, "Write something"),
        ({"text": "x" * (TEXT_MAX + 1)}, f"at most {TEXT_MAX} characters"),
        ({"text": "x", "website": "x"}, "must stay empty"),
    ],
)
def test_a_message_with_a_fault_is_not_kept(
    client: Client, reported: Reported, sent: dict[str, str], fault: str
) -> None:
    _case, address = reported()
    page = client.post(address, sent)
    assert page.status_code == 400
    assert fault in page.content.decode()
    assert Event.objects.count() == 0


def test_nothing_is_added_to_a_closed_case(client: Client, reported: Reported) -> None:
    case, address = reported()
    worked(case, state=State.CLOSED)
    page = client.post(address, {"text": "But"})
    assert page.status_code == 400
    assert "nothing can be added" in page.content.decode()
    assert not Event.objects.filter(sort=Event.Sort.MESSAGE).exists()


def test_a_case_holds_only_so_many_messages(reported: Reported, client: Client) -> None:
    case, address = reported()
    for number in range(MESSAGES_MAX):
        operations.add_message(case, f"No. {number}")
    page = client.post(address, {"text": "One more"})
    assert page.status_code == 400
    assert "as many messages as a report can hold" in page.content.decode()
    assert "Send the message" not in client.get(address).content.decode()
    assert Event.objects.count() == MESSAGES_MAX


def test_messages_count_as_reports_do(reported: Reported, client: Client) -> None:
    _case, address = reported()
    for _ in range(REPORTS.most - 1):
        assert client.post(address, {"text": "x"}).status_code == 303
    answer = client.post(address, {"text": "One thing more"})
    assert answer.status_code == 429
    assert "One thing more" in answer.content.decode()
    assert Event.objects.count() == REPORTS.most - 1


def test_the_address_is_mailed_to_whoever_asked(client: Client, reported: Reported, mailed_at_once: None) -> None:
    case, address = reported(contact="jana@example.com", is_mail_wanted="on", what="Buy cheap watches")
    [sent] = mail.outbox
    assert sent.to == ["jana@example.com"]
    assert case.number in sent.subject
    assert django_settings.SITE_URL + address in sent.body
    # Nobody's words travel in our mails.
    assert "watches" not in sent.body
    assert "mailed to j…@example.com" in client.get(address).content.decode()


@pytest.mark.parametrize("fields", [{"contact": "jana@example.com"}, {"is_mail_wanted": "on"}])
def test_no_mail_is_sent_unasked_or_without_an_address(
    reported: Reported, mailed_at_once: None, fields: dict[str, str]
) -> None:
    case, _address = reported(**fields)
    assert mail.outbox == []
    assert not case.is_mail_wanted


def test_an_address_gets_only_so_many_mails(reported: Reported, mailed_at_once: None) -> None:
    for _ in range(operations.MAILS.most + 1):
        reported(contact="jana@example.com", is_mail_wanted="on")
    assert len(mail.outbox) == operations.MAILS.most
    assert Case.objects.count() == operations.MAILS.most + 1


def test_a_mail_that_cannot_be_sent_loses_no_case(
    client: Client, reported: Reported, mailed_at_once: None, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", NOBODY_PORT
    case, address = reported(contact="jana@example.com", is_mail_wanted="on")
    assert case.mailed_at is None
    assert "Keep it all the same" in client.get(address).content.decode()


def test_a_broker_that_is_away_loses_no_case(reported: Reported, broker_away: None) -> None:
    began_s = time.monotonic()
    case, _address = reported(contact="jana@example.com", is_mail_wanted="on")
    assert case.is_mail_wanted
    assert time.monotonic() - began_s < QUEUE_S_MAX


def test_what_was_reported_and_what_happened_cannot_be_changed(reported: Reported) -> None:
    case, _address = reported()
    worked(case, note="Seen.")
    refused = [
        "UPDATE receipts_case SET what = 'all is well'",
        "UPDATE receipts_case SET amount = '1', state = 'closed', closed_at = now()",
        "UPDATE receipts_case SET code = 'ABCD'",
        "UPDATE receipts_event SET text = 'Not seen.'",
        "DELETE FROM receipts_event",
    ]
    for statement in refused:
        with (
            pytest.raises(ProgrammingError, match=r"refused|kept"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    case.refresh_from_db()
    assert case.what.startswith("The cashier")
    assert Event.objects.get().text == "Seen."
