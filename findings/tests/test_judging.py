"""Findings open, change and close by themselves; what people decided stays until there is more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from findings import judging, operations
from findings.judging import judge, judge_due
from findings.models import Finding, FindingNote, Gap, Sweep
from findings.scoring import BANDS
from findings.tasks import judge_findings
from findings.tests.history import MINUTE, History, rounded_now
from findings.verdicts import Verdict
from ledger.archive.tests.runs import run_killed
from ledger.feeding.models import Cursor
from tests.tills import Till
from transactions import outages

NOW = rounded_now()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
State = Finding.State


def gap_of(history: History, *numbers: int, till: Till | None = None, at: datetime = NOW) -> Till:
    """A till that sends these numbers, a minute apart up to a moment."""
    till = till or history.till()
    for place, number in enumerate(numbers):
        history.sell(till, number, at - (len(numbers) - 1 - place) * MINUTE)
    history.feed(at)
    return till


def fill(history: History, till: Till, *numbers: int) -> None:
    """Late sales, of when they were due."""
    for number in numbers:
        history.sell(till, number, NOW, issued=NOW - MINUTE, mode="offline")
    history.feed()


def states(finding: Finding) -> list[str]:
    notes = FindingNote.objects.filter(finding=finding, kind=FindingNote.Kind.STATE)
    return list(notes.order_by("id").values_list("text", flat=True))


def test_a_gap_is_information_at_once_a_case_after_the_deadline_and_closes_itself(history: History) -> None:
    till = gap_of(history, 1, 5)
    judge("gap", NOW)
    finding = Finding.objects.get()
    assert (finding.kind, finding.terminal, finding.subject) == ("gap", till.number, "2")
    assert (finding.retailer, finding.store) == (till.terminal.store.retailer_id, till.terminal.store_id)
    assert (finding.began_at, finding.opened_at, finding.state) == (NOW, NOW, State.OPEN)
    assert finding.evidence["ranges"] == [[2, 4]]
    assert (finding.evidence["missing"], finding.evidence["is_overdue"]) == (3, False)
    scores = [finding.score]
    for later in (20 * HOUR, 47 * HOUR, 49 * HOUR, 10 * DAY):
        judge("gap", NOW + later)
        finding.refresh_from_db()
        scores.append(finding.score)
    assert scores == sorted(set(scores))
    assert scores[2] < BANDS[2][0]
    assert scores[3] >= BANDS[1][0]
    assert finding.evidence["is_overdue"]
    fill(history, till, 3)
    judge("gap", NOW + 10 * DAY)
    finding.refresh_from_db()
    assert (finding.evidence["ranges"], finding.evidence["extent"]) == ([[2, 2], [4, 4]], 2)
    fill(history, till, 4, 2)
    judge("gap", NOW + 11 * DAY)
    finding.refresh_from_db()
    assert (finding.state, finding.closed_at, finding.gone_at) == (State.RESOLVED, NOW + 11 * DAY, NOW + 11 * DAY)
    assert states(finding) == ["open", "open -> resolved: nothing of it is left"]
    assert Finding.objects.count() == 1


def test_a_declared_outage_moves_a_gaps_deadline(history: History) -> None:
    gap_of(history, 1, 5)
    outages.Outage.objects.create(
        began_at=NOW + HOUR, ended_at=NOW + 25 * HOUR, kind="outage", reason="storm", declared_by="staff anna"
    )
    judge("gap", NOW + 49 * HOUR)
    assert not Finding.objects.get().evidence["is_overdue"]
    judge("gap", NOW + 73 * HOUR)
    assert Finding.objects.get().evidence["is_overdue"]
    open_one = outages.Outage.objects.create(began_at=NOW + HOUR, kind="degraded", reason="storm", declared_by="anna")
    judge("gap", NOW + 90 * HOUR)
    evidence = Finding.objects.get().evidence
    assert (evidence["due_at"], evidence["is_overdue"]) == (None, False)
    assert open_one.ended_at is None


def test_what_lacks_beyond_the_most_gaps_is_one_more_finding(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findings.gaps.GAPS_MAX", 2)
    gap_of(history, 1, 3, 5, 7, 10)
    judge("gap", NOW)
    assert sorted(Finding.objects.values_list("subject", flat=True)) == ["2", "4", "more"]
    evidence = Finding.objects.get(subject="more").evidence
    assert (evidence["ranges"], evidence["missing"], evidence["is_more"]) == ([[6, 9]], 3, True)


def test_what_was_dismissed_stays_so_when_less_is_left_and_is_let_go(history: History) -> None:
    till = gap_of(history, 1, 5)
    judge("gap", NOW)
    finding = Finding.objects.get()
    operations.set_state([finding], State.DISMISSED, by="staff anna", reason="the printer was tested")
    fill(history, till, 3)
    judge("gap", NOW + 3 * DAY)
    finding.refresh_from_db()
    assert (finding.state, finding.score, finding.evidence["missing"]) == (State.DISMISSED, 6, 3)
    fill(history, till, 2, 4)
    judge("gap", NOW + 3 * DAY)
    finding.refresh_from_db()
    assert (finding.state, finding.gone_at) == (State.DISMISSED, NOW + 3 * DAY)
    assert states(finding) == ["open", "open -> dismissed: the printer was tested"]


def test_what_was_dismissed_opens_again_when_there_is_more_of_it(history: History) -> None:
    till = history.till()
    history.sell(till, 1, NOW)
    for place in range(2):
        other = till.sale(sequence=1, issued_at=NOW.isoformat(), tendered=6000 + place)
        history.take(till, NOW, [other])
        history.feed()
        judge("conflict", NOW)
        finding = Finding.objects.get()
        assert (finding.state, finding.evidence["extent"]) == (State.OPEN, place + 1)
        operations.set_state([finding], State.DISMISSED, by="staff anna", reason="known")
        judge("conflict", NOW)
        finding.refresh_from_db()
        assert finding.state == State.DISMISSED
    assert states(finding)[2] == "dismissed -> open: there is more of it than when it was dismissed"


def test_what_closed_itself_opens_again_and_what_was_dismissed_only_after_days_without_it(history: History) -> None:
    gap_of(history, 1, 5)
    judge("gap", NOW)
    finding, (gap,) = Finding.objects.get(), Gap.objects.all()
    for state, days, wanted in (
        (State.OPEN, 0, State.OPEN),
        (State.DISMISSED, 6, State.DISMISSED),
        (State.ACCEPTED, 7, State.OPEN),
    ):
        if state != State.OPEN:
            operations.set_state([finding], state, by="staff anna", reason="seen")
        # As a judge of other facts would do: nothing to say, and the same again.
        Gap.objects.all().delete()
        judge("gap", NOW)
        Gap.objects.bulk_create([gap])
        judge("gap", NOW + days * DAY)
        finding.refresh_from_db()
        assert (finding.state, finding.gone_at) == (wanted, None)
    assert states(finding)[-1] == "accepted -> open: it came again after 7 days"


def test_an_answered_finding_stays_answered_while_it_is_there(history: History) -> None:
    till = gap_of(history, 1, 5)
    judge("gap", NOW)
    finding = Finding.objects.get()
    operations.answer(finding, by="member 1 of retailer 1", author=None, text="The till was replaced.")
    judge("gap", NOW + 3 * DAY)
    finding.refresh_from_db()
    assert (finding.state, finding.evidence["is_overdue"]) == (State.ANSWERED, True)
    fill(history, till, 2, 3, 4)
    judge("gap", NOW + 3 * DAY)
    finding.refresh_from_db()
    assert finding.state == State.RESOLVED


def test_rounds_judge_a_bounded_number_and_go_on_where_they_stopped(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "KINDS", {"gap": replace(judging.KINDS["gap"], slice_tills=2)})
    for _ in range(5):
        gap_of(history, 1, 3)
    for found in (2, 4, 5):
        judge_slice(judging.KINDS["gap"], NOW)
        assert Finding.objects.count() == found
    assert Sweep.objects.get(kind="gap").is_over
    for later, tills in ((timedelta(seconds=59), 0), (MINUTE, 5)):
        done = judge_due(NOW + later)
        assert done is not None
        assert done.tills == tills
    assert Finding.objects.count() == 5


def judge_slice(one: judging.JudgedKind, now: datetime) -> None:
    """The next slice of a kind's sweep."""
    sweep = judging._sweep_of(one, now)
    assert sweep is not None
    judging._judge_slice(one, sweep, now, judging.Judged(), raises=True)


def test_a_kind_without_candidates_of_its_own_looks_at_what_was_fed_since(history: History) -> None:
    first, second = gap_of(history, 1, 2), gap_of(history, 1, 2)
    seen: list[list[int]] = []

    def look(tills: Sequence[int], now: datetime) -> list[Verdict]:
        seen.append(list(tills))
        return []

    one = judging.JudgedKind(kind="refunds", judge=look)
    judge_slice(one, NOW)
    judge_slice(one, NOW + MINUTE)
    gap_of(history, 3, till=second)
    judge_slice(one, NOW + 2 * MINUTE)
    assert seen == [[first.number, second.number], [second.number]]


def test_a_judge_that_fails_is_alarmed_and_does_not_keep_the_others_waiting(
    history: History, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(tills: Sequence[int], now: datetime) -> list[Verdict]:
        raise ValueError("no such table")

    monkeypatch.setitem(judging.KINDS, "gap", replace(judging.KINDS["gap"], judge=fails))
    till = history.till()
    history.sell(till, 1, NOW)
    history.sell(till, 3, NOW, issued=NOW + 10 * MINUTE)
    history.feed()
    done = judge_due(NOW)
    assert done is not None
    assert (done.failed, done.opened) == (1, 1)
    assert list(Finding.objects.values_list("kind", flat=True)) == ["clock"]
    assert "ALARM findings of kind gap cannot be judged" in caplog.text


def test_only_one_process_judges(history: History) -> None:
    gap_of(history, 1, 3)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [judging.LOCK])
            assert judge_due(NOW) is None
            with pytest.raises(RuntimeError, match="another process"):
                judge("gap", NOW)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [judging.LOCK])
    finally:
        other.close()
    assert judge_due(NOW) is not None
    assert Finding.objects.count() == 1


def test_killed_in_the_middle_the_next_round_does_it_all(history: History) -> None:
    gap_of(history, 1, 3)
    run_killed("findings.before-commit", "judge")
    assert not Finding.objects.exists()
    judge_findings()
    judge_findings()
    assert Finding.objects.count() == 1
    assert FindingNote.objects.count() == 1


def test_the_command_sweeps_now_and_with_again_looks_at_every_till(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    gap_of(history, 1, 3)
    for words, tills in (((), 1), ((), 0), (("--again",), 1)):
        call_command("judge", "--kind", "refunds", *words)
        assert capsys.readouterr().out.startswith(f"refunds: {tills} tills judged; 0 opened")
    call_command("judge", "--kind", "gap", "--kind", "clock")
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["gap", "clock"]
    assert Finding.objects.count() == 1


def test_silence_is_not_judged_while_the_feed_is_behind(history: History) -> None:
    gap_of(history, 1, 2)
    terminals = [history.tills[0].number]
    Cursor.objects.update(complete_to=NOW)
    assert judging._fed_to(terminals, NOW + 4 * MINUTE) == terminals
    assert judging._fed_to(terminals, NOW + 6 * MINUTE) == []


def test_findings_stay_and_their_notes_do_not_change(history: History) -> None:
    gap_of(history, 1, 3)
    judge("gap", NOW)
    finding = Finding.objects.get()
    for step in (
        lambda: FindingNote.objects.update(text="nothing"),
        lambda: FindingNote.objects.all().delete(),
        lambda: Finding.objects.filter(pk=finding.pk)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="notes are only added to"), transaction.atomic():
            step()
