"""What people do with findings: each step is kept as a note, what cannot be is refused and changes nothing."""

from datetime import timedelta
from typing import Any

import pytest

from findings import operations
from findings.models import TEXT_MAX, Finding, FindingNote
from findings.operations import FindingRefusedError
from findings.tests.history import rounded_now
from possys.accounts.models import User

NOW = rounded_now()
State = Finding.State
pytestmark = pytest.mark.django_db


def finding(subject: str = "2", **changes: Any) -> Finding:
    return Finding.objects.create(
        **{
            "kind": "gap", "retailer": 1, "store": 1, "terminal": 64, "subject": subject, "began_at": NOW,
            "opened_at": NOW, "updated_at": NOW, "score": 10, "evidence": {"extent": 1}, **changes,
        }
    )  # fmt: skip


def notes(one: Finding) -> list[tuple[str, str, str, bool]]:
    return list(one.notes.order_by("id").values_list("kind", "by", "text", "is_internal"))


def test_an_answer_answers_what_is_open_and_leaves_what_is_over() -> None:
    one = finding()
    operations.answer(one, by="member 3 of retailer 1", author=None, text=" The till was replaced. ")
    assert one.state == Finding.objects.get().state == State.ANSWERED
    assert notes(one) == [
        ("answer", "member 3 of retailer 1", "The till was replaced.", False),
        ("state", "member 3 of retailer 1", "answered", False),
    ]
    operations.set_state([one], State.ACCEPTED, by="staff anna", reason="explained")
    operations.answer(one, by="member 3 of retailer 1", author=None, text="One more thing.")
    assert Finding.objects.get().state == State.ACCEPTED


def test_many_change_state_at_once_and_those_that_have_it_do_not() -> None:
    several = [finding("2"), finding("5", state=State.DISMISSED, closed_at=NOW, gone_at=NOW), finding("9")]
    assert operations.set_state(several, State.DISMISSED, by="staff anna", reason="a test") == 2
    assert {one.closed_at is not None for one in Finding.objects.all()} == {True}
    assert operations.set_state(several, State.OPEN, by="staff anna", reason="no test") == 3
    assert set(Finding.objects.values_list("closed_at", "gone_at")) == {(None, None)}
    assert [text for _, _, text, _ in notes(several[0])] == ["open -> dismissed: a test", "dismissed -> open: no test"]
    assert [text for _, _, text, _ in notes(several[1])] == ["dismissed -> open: no test"]


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (State.RESOLVED, "it is", "nobody sets the state"),
        ("closed", "it is", "accepted, answered, dismissed, open"),
        (State.DISMISSED, " ", "the text is empty"),
        (State.DISMISSED, "x" * (TEXT_MAX + 1), f"has {TEXT_MAX + 1} characters, and {TEXT_MAX} are the most"),
    ],
)
def test_what_is_no_state_or_has_no_reason_is_refused(state: str, reason: str, said: str) -> None:
    one = finding()
    with pytest.raises(FindingRefusedError, match=said):
        operations.set_state([one], state, by="staff anna", reason=reason)
    with pytest.raises(FindingRefusedError):
        operations.note(one, by="staff anna", author=None, text="", is_internal=True)
    assert Finding.objects.get().state == State.OPEN
    assert not FindingNote.objects.exists()


def test_the_longest_reason_is_kept_whole() -> None:
    one, reason = finding(state=State.ANSWERED), "x" * TEXT_MAX
    operations.set_state([one], State.DISMISSED, by="staff anna", reason=reason)
    assert notes(one) == [("state", "staff anna", f"answered -> dismissed: {reason}", False)]


def test_findings_are_given_to_somebody_and_taken_away_again() -> None:
    anna = User.objects.create_user("anna@possys.example", "a long enough password")
    several = [finding("2"), finding("5", assignee=anna)]
    assert operations.assign(several, anna, "staff bert") == 1
    assert operations.assign(several, None, "staff bert") == 2
    assert set(Finding.objects.values_list("assignee", flat=True)) == {None}
    assert [text for _, _, text, _ in notes(several[0])] == [f"assigned to {anna}", "assigned to nobody"]
    assert {is_internal for _, _, _, is_internal in notes(several[0])} == {True}


def test_retailers_are_asked_to_answer_and_not_about_what_is_over() -> None:
    one, over = finding("2"), finding("5", state=State.RESOLVED, closed_at=NOW, gone_at=NOW)
    due_at = NOW + timedelta(days=7)
    with pytest.raises(FindingRefusedError, match="nobody is asked about what is over"):
        operations.ask([one, over], due_at, by="staff anna")
    assert operations.ask([one], due_at, by="staff anna") == 1
    assert operations.ask([one], due_at, by="staff anna") == 0
    assert Finding.objects.get(subject="2").answer_due_at == due_at
    assert operations.ask([one], None, by="staff anna") == 1
    assert [is_internal for _, _, _, is_internal in notes(one)] == [False, False]
