"""Each manipulation by somebody who owns the tables is found, and the act is named."""

import io
from datetime import timedelta

import msgspec
import pytest
import redis
from django.core.management import call_command
from django.db import connection

from audit.models import Act
from audit.publishing import ACTS_MAX, Published, content_of, last_published, publish_acts, statement_of
from audit.tasks import check_acts
from audit.tests.factories import make_acts, publish
from audit.verifying import Verdict, verify_acts
from ledger import merkle
from ledger.log.leaves import leaf_bytes
from ledger.log.models import Notice
from ledger.log.notices import leaf_of
from possys.clock import now_ms, utc
from tests.tampering import triggers_off

pytestmark = pytest.mark.usefixtures("ledger")


@pytest.fixture
def published(ledger: redis.Redis) -> None:
    """Six acts in two publications, two more that are not published yet."""
    for _ in range(2):
        make_acts(3)
        publish()
    make_acts(2)


def tampered(*statements: str) -> Verdict:
    with triggers_off() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return verify_acts()


@pytest.mark.usefixtures("published")
def test_nothing_is_found_where_nothing_was_done() -> None:
    verdict = verify_acts()
    assert verdict.faults == []
    assert (verdict.acts, verdict.published, verdict.publications, verdict.waiting, verdict.proven) == (8, 6, 2, 0, 2)


def test_an_empty_log_is_well() -> None:
    assert publish() == Published(0, 0)
    assert verify_acts().is_well


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    "column",
    ["at = at - interval '1 s'", "salt = '\\x00'", "kind = 'searched'", "person_id = 8", "person = 'bob'",
     "client = ''", "request = ''", "path = ''", "model = ''", "key = ''", "text = ''",
     """fields = '{"a": {"sent": "1"}}'""", "said = 'x'", "reason = 'x'"],
)  # fmt: skip
def test_an_act_that_was_changed_is_named_whatever_of_it_was(column: str) -> None:
    found = tampered(f"UPDATE audit_act SET {column} WHERE number = 2").faults
    assert "act 2 was changed" in found
    assert not any("act 1 " in fault or "act 3 was" in fault for fault in found)


@pytest.mark.usefixtures("published")
def test_an_act_that_was_deleted_is_named() -> None:
    assert tampered("DELETE FROM audit_act WHERE number = 4").faults == ["act 4 is missing"]


@pytest.mark.usefixtures("published")
def test_all_acts_deleted_are_named() -> None:
    found = tampered("TRUNCATE audit_act").faults
    assert found == [f"act {number} is missing" for number in range(1, 7)]


@pytest.mark.usefixtures("published")
def test_one_deleted_and_the_others_moved_up_are_named() -> None:
    found = tampered(
        "DELETE FROM audit_act WHERE number = 2", "UPDATE audit_act SET number = number - 1 WHERE number > 2"
    ).faults
    assert "act 2 was changed" in found
    assert "act 5 was changed" in found


@pytest.mark.usefixtures("published")
def test_one_that_was_put_in_is_named() -> None:
    columns = "at, salt, kind, person, client, request, path, model, key, text, fields, said, reason"
    put_in = "INSERT INTO audit_act (number, {0}) SELECT {1}, {0} FROM audit_act WHERE number = {2}"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_act DROP CONSTRAINT acts_are_numbered_from_one")
    try:
        found = tampered(put_in.format(columns, 0, 1), put_in.format(columns, 30, 8)).faults
    finally:
        with triggers_off() as cursor:
            cursor.execute("DELETE FROM audit_act WHERE number = 0")
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_act ADD CONSTRAINT acts_are_numbered_from_one CHECK (number >= 1)")
    assert found == [
        "act 0 was put in: the first one has the number 1",
        "acts 9 to 29 are missing, or act 30 was put in",
    ]


@pytest.mark.usefixtures("published")
def test_a_gap_among_those_that_are_not_published_is_named_then_and_for_ever() -> None:
    assert tampered("DELETE FROM audit_act WHERE number = 7").faults == ["act 7 is missing, or act 8 was put in"]
    publish()
    assert last_published() == 8
    assert verify_acts().faults == ["act 7 is missing, and missing already when act 8 was published"]


@pytest.mark.usefixtures("published")
def test_a_back_dated_act_is_named_before_it_is_published() -> None:
    at = Act.objects.get(number=1).at - timedelta(days=1)
    found = tampered(f"UPDATE audit_act SET at = '{at.isoformat()}' WHERE number = 8").faults
    assert found == [f"act 8 is dated {at.isoformat()}, before the act that it follows"]


@pytest.mark.usefixtures("published")
def test_a_notice_rewritten_with_its_acts_does_not_fit_the_log() -> None:
    with triggers_off() as cursor:
        cursor.execute("UPDATE audit_act SET person = 'bob' WHERE number = 1")

    acts = [content_of(act).hash for act in Act.objects.filter(number__lte=3).order_by("number")]
    notice = Notice.objects.order_by("id").first()
    assert notice is not None
    text = msgspec.json.encode(statement_of(1, acts)).decode()
    with triggers_off() as cursor:
        cursor.execute("UPDATE log_notice SET statement = %s WHERE id = %s", [text, notice.pk])
    found = verify_acts().faults
    assert f"the notice of leaf {notice.index} of the log says something else than the leaf" in found
    assert "act 1 was changed" in found


@pytest.mark.usefixtures("published")
def test_a_leaf_rewritten_with_its_notice_and_acts_is_not_under_what_was_signed() -> None:

    with triggers_off() as cursor:
        cursor.execute("UPDATE audit_act SET person = 'bob' WHERE number = 1")
    acts = [content_of(act).hash for act in Act.objects.filter(number__lte=3).order_by("number")]
    notice = Notice.objects.order_by("id").first()
    assert notice is not None
    notice.statement = msgspec.json.encode(statement_of(1, acts)).decode()
    raw = leaf_bytes(leaf_of(notice))
    with triggers_off() as cursor:
        cursor.execute("UPDATE log_notice SET statement = %s WHERE id = %s", [notice.statement, notice.pk])
        cursor.execute(
            'UPDATE ledger_logentry SET leaf = %s, leaf_hash = %s WHERE "index" = %s',
            [raw, merkle.leaf_hash(raw), notice.index],
        )
    assert any("is not under the signed checkpoint" in fault for fault in verify_acts().faults)


@pytest.mark.usefixtures("published")
def test_a_notice_taken_away_is_found() -> None:
    found = tampered("DELETE FROM log_notice WHERE id = (SELECT max(id) FROM log_notice)").faults
    assert len(found) == 1
    assert "is missing from its table" in found[0]


def test_many_acts_take_several_notices_and_a_notice_that_waits_counts() -> None:
    make_acts(ACTS_MAX + 1)
    assert publish_acts(utc(now_ms())) == Published(ACTS_MAX + 1, 2)
    verdict = verify_acts()
    assert verdict.is_well
    assert (verdict.published, verdict.waiting) == (ACTS_MAX + 1, 2)
    assert publish() == Published(0, 0)
    assert (verify_acts().waiting, verify_acts().proven) == (0, 2)


@pytest.mark.usefixtures("published")
def test_the_command_says_what_it_found_and_fails() -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command("verify_audit", stdout=out)
    assert "every act is as it was published" in out.getvalue()
    with triggers_off() as cursor:
        cursor.execute("UPDATE audit_act SET said = 'nothing' WHERE number = 5")
    with pytest.raises(SystemExit):
        call_command("verify_audit", stdout=out, stderr=err)
    assert err.getvalue() == "act 5 was changed\n"
    assert "1 faults" in out.getvalue()


@pytest.mark.usefixtures("published")
def test_the_nightly_check_alarms(caplog: pytest.LogCaptureFixture) -> None:
    check_acts()
    assert "ALARM" not in caplog.text
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM audit_act WHERE number > 4")
    check_acts()
    assert "ALARM the audit log: act 5 is missing" in caplog.text
    caplog.clear()
    publish()
    assert "ALARM the audit log ends at act 4, 6 were published" in caplog.text
