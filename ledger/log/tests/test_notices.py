"""What a service publishes is in the log once, whatever dies, and can be neither changed nor taken back unseen."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from ledger import merkle
from ledger.log.checkpoint import read_tree_head
from ledger.log.checkpointer import catch_up, checkpoint_round
from ledger.log.leaves import LeafKind, NoticeLeaf, read_leaf
from ledger.log.models import LogEntry, Notice
from ledger.log.notes import read_note
from ledger.log.notices import append_notices
from ledger.notices import first_checkpoint_with, notices_of, proof_of, publish
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from tests.tampering import triggers_off

NOW = datetime(2026, 11, 30, 9, 0, 0, 123456, UTC)
pytestmark = pytest.mark.usefixtures("ledger")


def say(statement: str = "rules 00ff, 3 tickets") -> Notice:
    return publish("lottery", "draw 3 frozen", statement, now=NOW)


def faults() -> list[str]:
    return [str(fault) for fault in verify(Scope()).tally.faults]


def logged() -> list[Any]:
    return [read_leaf(bytes(entry.leaf)) for entry in LogEntry.objects.filter(kind=LeafKind.NOTICE)]


def test_notices_are_logged_in_order_and_once() -> None:
    say("first")
    say("second")
    assert checkpoint_round().appended == 2
    assert checkpoint_round().appended == 0
    assert logged() == [
        NoticeLeaf(1, "lottery", "draw 3 frozen", text, "2026-11-30T09:00:00.123Z") for text in ("first", "second")
    ]
    assert [notice.index for notice in notices_of("lottery", "draw 3 frozen")] == [1, 2]
    assert faults() == []


def test_an_outsider_can_check_the_proof() -> None:
    notice = say('a "quoted" \\ statement')
    assert proof_of(notice) is None
    catch_up()
    notice.refresh_from_db()
    assert notice.index is not None
    proof, checkpoint = proof_of(notice), first_checkpoint_with(notice.index)
    assert proof is not None
    assert checkpoint is not None
    head = read_tree_head(read_note(proof.checkpoint).text)
    assert (head.size, head.root) == (checkpoint.size, bytes(checkpoint.root))
    hashed = merkle.leaf_hash(proof.leaf)
    assert merkle.root_of_path(hashed, proof.index, proof.size, proof.path) == head.root
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\nindex 1\n")


@pytest.mark.parametrize(
    ("service", "subject", "statement"),
    [
        ("The Lottery", "draw", "x"),
        ("l" * 41, "draw", "x"),
        ("lottery", "", "x"),
        ("lottery", "d" * 101, "x"),
        ("lottery", "draw", ""),
        ("lottery", "draw", "two\nlines"),
        ("lottery", "draw", "ends\n"),
        ("lottery", "draw", "caf\u00e9"),
        ("lottery", "draw", "x" * 2001),
    ],
)
def test_what_the_log_does_not_take_is_refused(service: str, subject: str, statement: str) -> None:
    with pytest.raises(ValueError, match="does not take this notice"):
        publish(service, subject, statement, now=NOW)
    assert not Notice.objects.exists()


def test_the_longest_statement_is_taken() -> None:
    say('"' * 2000)
    assert catch_up().faults == []
    assert len(logged()) == 1


def test_a_service_that_rolls_back_has_said_nothing() -> None:
    with transaction.atomic():
        say()
        transaction.set_rollback(True)
    assert checkpoint_round().appended == 0


def test_a_bounded_number_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.log.notices.NOTICES_MAX", 2)
    for number in range(3):
        say(str(number))
    assert checkpoint_round().appended == 2
    assert catch_up().appended == 1
    assert [leaf.statement for leaf in logged()] == ["0", "1", "2"]


@pytest.mark.parametrize("point", ["log.notices-appended", "log.notices-before-commit"])
def test_killed_before_the_commit_nothing_is_logged_twice(point: str) -> None:
    say()
    own = connection.settings_dict
    address = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
    code = "import django; django.setup(); from ledger.log.notices import append_notices; append_notices()"
    killed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DATABASE_URL": address, "FAILPOINT": point, "DJANGO_SETTINGS_MODULE": "possys.settings"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert logged() == []
    catch_up()
    assert len(logged()) == 1
    assert append_notices() == 0
    assert faults() == []


@pytest.mark.parametrize(
    "change",
    ["statement = 'other'", "index = NULL", "index = 7", "written_at = now()", "service = 'other'"],
)
def test_a_notice_never_changes(change: str) -> None:
    say()
    catch_up()
    with pytest.raises(ProgrammingError, match="append-only"):
        connection.cursor().execute(f"UPDATE log_notice SET {change}")


def test_nobody_adds_a_notice_that_says_it_is_logged() -> None:
    with pytest.raises(ProgrammingError, match="append-only"):
        Notice.objects.create(service="x", subject="x", statement="x", written_at=NOW, index=0)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE log_notice SET statement = 'other'", "leaf 1: notice-changed"),
        ("UPDATE log_notice SET index = 0", "leaf 0: notice-unknown"),
        ("UPDATE log_notice SET index = 99", "leaf 99: notice-unknown"),
        ("UPDATE log_notice SET index = NULL", "leaf 1: notice-missing"),
        ("DELETE FROM log_notice", "leaf 1: notice-missing"),
    ],
)
def test_a_notice_changed_behind_the_triggers_is_found(change: str, kind: str) -> None:
    say()
    catch_up()
    assert faults() == []
    with triggers_off() as cursor:
        cursor.execute(change)
    assert any(fault.startswith(kind) for fault in faults())
