"""Findings in the admin: who sees, notes and decides; how they are found; what is kept of every step."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from findings.models import Finding, FindingNote
from findings.pages.tests.found import KINDS, SCORES, code, make_finding
from possys.accounts.models import User
from possys.clock import now_ms, utc
from tests.factories import make_retailer, make_store
from tests.people import Cast, make_cast, make_person, signed_in
from transactions.models import Terminal
from transactions.operations import enrol_terminals

LIST = "/admin/findings/finding/"
# Session, person and two of rights; the page's rows with their assignees; retailers, stores; staff to choose from.
LIST_QUERIES = 8


@pytest.fixture
def terminal(db: None, store: Any) -> Terminal:
    return enrol_terminals(store=make_store(make_retailer("Corner Shops", tax_id="CZ1"), name="High Street"), count=1)[
        0
    ]


@pytest.fixture
def findings(terminal: Terminal) -> dict[str, Finding]:
    return {kind: make_finding(kind, terminal) for kind in KINDS}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def auditor(db: None) -> Client:
    return signed_in(make_person("auditor", "view_finding", "view_findingnote"))


@pytest.fixture
def clerk(db: None) -> Client:
    """Staff who may note, and decide nothing."""
    return signed_in(make_person("clerk", "view_finding", "add_findingnote"))


@pytest.fixture
def inspector(db: None) -> Client:
    return signed_in(make_person("inspector", "view_finding", "change_finding", "add_findingnote"))


def page_of(finding: Finding) -> str:
    return f"{LIST}{finding.pk}/change/"


def listed(client: Client, query: str = "") -> list[str]:
    """The kinds of a list, in its order."""
    return [one.kind for one in client.get(f"{LIST}?{query}").context["cl"].result_list]


def do(client: Client, finding: Finding, step: str, **fields: Any) -> Any:
    """A form as it is sent from the page as it is now."""
    seen = client.get(page_of(finding)).context["seen"]
    return client.post(page_of(finding), {"do": step, "seen": seen, **fields})


def notes(finding: Finding) -> list[tuple[str, str, bool]]:
    return list(finding.notes.values_list("kind", "text", "is_internal"))


def test_every_page_is_for_those_who_may_look(cast: Cast, findings: dict[str, Finding]) -> None:
    for url in (LIST, *map(page_of, findings.values())):
        assert cast.superuser.get(url).status_code == 200, url
        assert cast.viewer.get(url).status_code == 200, url
        assert cast.without_rights.get(url).status_code == 403, url
        assert cast.anonymous.get(url).status_code == 302, url
    assert cast.superuser.get(f"{LIST}{10**9}/change/").status_code in {302, 404}


def test_the_weightiest_stands_first_and_then_the_oldest(inspector: Client, findings: dict[str, Finding]) -> None:
    assert listed(inspector) == sorted(KINDS, key=lambda kind: -SCORES[kind])
    older = make_finding("gap", Terminal.objects.get(), subject="older", began_at=utc(now_ms()) - timedelta(days=40))
    first = next(one for one in inspector.get(LIST).context["cl"].result_list if one.kind == "gap")
    assert first.pk == older.pk


def test_the_list_counts_nothing_and_asks_little(inspector: Client, findings: dict[str, Finding]) -> None:
    with CaptureQueriesContext(connection) as asked:
        page = inspector.get(LIST)
    assert page.status_code == 200
    assert [one["sql"] for one in asked if "COUNT(" in one["sql"]] == []
    assert len(asked) == LIST_QUERIES, [one["sql"] for one in asked]


def test_what_waits_is_shown_unless_something_else_is_asked_for(
    inspector: Client, findings: dict[str, Finding]
) -> None:
    gap, silent = findings["gap"], findings["silent"]
    Finding.objects.filter(pk=gap.pk).update(state="dismissed", closed_at=utc(now_ms()))
    Finding.objects.filter(pk=silent.pk).update(state="answered", assignee=User.objects.get(username="inspector"))
    assert "gap" not in listed(inspector)
    assert listed(inspector, "state=dismissed") == ["gap"]
    assert listed(inspector, "state=answered") == ["silent"]
    assert len(listed(inspector, "state=all")) == len(KINDS)
    assert listed(inspector, "assignee=mine") == ["silent"]
    assert "silent" not in listed(inspector, "assignee=nobody")
    assert listed(inspector, f"assignee={User.objects.get(username='inspector').pk}") == ["silent"]
    assert listed(inspector, "kind__exact=clock") == ["clock"]
    assert listed(inspector, "retailer=CZ1&state=all")
    assert listed(inspector, "retailer=CZ2&state=all") == []
    kept = inspector.get(f"{LIST}?assignee=nobody&retailer=CZ1").content.decode()
    assert '<input type="hidden" name="assignee" value="nobody">' in kept
    assert listed(inspector, "age=day") == []
    assert len(listed(inspector, "age=week&state=all")) == len(KINDS)


def test_a_till_a_tax_id_and_a_receipt_code_lead_to_findings(
    inspector: Client, findings: dict[str, Finding], terminal: Terminal
) -> None:
    other = enrol_terminals(store=make_store(make_retailer("Rival", tax_id="CZ2")), count=1)[0]
    make_finding("gap", other)
    of_other = code(other.number, 5, utc(now_ms()))
    assert len(listed(inspector, f"q={terminal.number}")) == len(KINDS)
    assert listed(inspector, "q=CZ2") == ["gap"]
    assert listed(inspector, f"q={of_other.lower()}") == ["gap"]
    for nothing in ("999999", "CZ3", "0000-0000-0000-0000", "x" * 300, "9" * 30, "٣"):
        assert listed(inspector, f"q={nothing}") == [], nothing


def test_the_row_says_what_it_is_in_words(inspector: Client, findings: dict[str, Finding]) -> None:
    text = inspector.get(LIST).content.decode()
    for said in ("3 receipts missing: 88121 to 88123, for 2 days", "Corner Shops", "High Street", "Urgent", "nobody"):
        assert said in text


def test_a_page_says_why_what_usually_explains_it_and_what_to_do(
    inspector: Client, findings: dict[str, Finding]
) -> None:
    for kind, one in findings.items():
        text = inspector.get(page_of(one)).content.decode()
        for said in (
            "Why it was raised",
            "What usually explains it",
            "What to do next",
            "High Street",
            "What was said",
        ):
            assert said in text, kind
        assert "As it was kept" not in text, kind


def test_evidence_of_another_shape_is_shown_as_it_is_kept(inspector: Client, terminal: Terminal) -> None:
    strange = make_finding("refunds", terminal, evidence={"extent": 4, "moons": ["<b>Io</b>"]})
    text = inspector.get(page_of(strange)).content.decode()
    assert "As it was kept" in text
    assert "&lt;b&gt;Io" in text
    assert "Unusual refunds and voids" in inspector.get(LIST).content.decode()


def test_an_auditor_sees_everything_and_changes_nothing(auditor: Client, findings: dict[str, Finding]) -> None:
    gap = findings["gap"]
    page = auditor.get(page_of(gap))
    assert "Work on it" not in page.content.decode()
    assert page.context["forms"] == []
    for step in ("decide", "ask", "note", "assign", "take", "nonsense"):
        assert do(auditor, gap, step, state="dismissed", reason="x", text="x", days=3).status_code == 403, step
    asked = {"action": "dismiss", "_selected_action": gap.pk, "_sure": "1", "reason": "x"}
    auditor.post(LIST, asked)
    gap.refresh_from_db()
    assert (gap.state, gap.assignee, notes(gap)) == ("open", None, [])


def test_whoever_may_only_note_notes_and_decides_nothing(clerk: Client, findings: dict[str, Finding]) -> None:
    gap = findings["gap"]
    assert do(clerk, gap, "note", text="Called the shop.").status_code == 302
    assert do(clerk, gap, "note", text="We have written to you.", is_shown="on").status_code == 302
    for step in ("decide", "ask", "assign", "take"):
        assert do(clerk, gap, step, state="dismissed", reason="x", text="x", days=3).status_code == 403, step
    assert notes(gap) == [("note", "Called the shop.", True), ("note", "We have written to you.", False)]


def test_an_inspector_takes_asks_decides_and_every_step_is_kept(
    inspector: Client, findings: dict[str, Finding]
) -> None:
    gap = findings["gap"]
    assert do(inspector, gap, "take").status_code == 302
    assert do(inspector, gap, "ask", text="What happened?", days=7).status_code == 302
    gap.refresh_from_db()
    assert gap.assignee == User.objects.get(username="inspector")
    assert gap.answer_due_at is not None
    assert timedelta(days=6, hours=23) < gap.answer_due_at - utc(now_ms()) <= timedelta(days=7)
    done = do(inspector, gap, "decide", state="accepted", reason="Test prints.", then="next")
    assert done.url == page_of(findings["after-close"])
    gap.refresh_from_db()
    assert (gap.state, gap.closed_at is not None) == ("accepted", True)
    assert [kind for kind, _, _ in notes(gap)] == ["assigned", "note", "assigned", "state"]
    assert set(gap.notes.values_list("by", flat=True)) == {"staff inspector"}
    assert LogEntry.objects.filter(object_id=str(gap.pk)).count() == 3


def test_asking_again_reopens_what_was_answered(inspector: Client, findings: dict[str, Finding]) -> None:
    gap = findings["gap"]
    Finding.objects.filter(pk=gap.pk).update(state="answered")
    do(inspector, gap, "ask", text="Which technician?", days=3)
    gap.refresh_from_db()
    assert gap.state == "open"


def test_a_decision_needs_a_reason_and_the_page_as_it_is(inspector: Client, findings: dict[str, Finding]) -> None:
    gap = findings["gap"]
    page = do(inspector, gap, "decide", state="dismissed", reason="  ")
    assert page.status_code == 400
    assert do(inspector, gap, "decide", state="resolved", reason="x").status_code == 400
    assert do(inspector, gap, "ask", text="?", days=0).status_code == 400
    stale = inspector.post(page_of(gap), {"do": "decide", "seen": "open 9", "state": "dismissed", "reason": "Mine."})
    assert stale.status_code == 400
    assert "something has happened" in stale.content.decode()
    assert "Mine." in stale.content.decode()
    gap.refresh_from_db()
    assert (gap.state, notes(gap)) == ("open", [])


def many(client: Client, action: str, *chosen: Finding, **fields: Any) -> Any:
    return client.post(
        f"{LIST}?state=all", {"action": action, "_selected_action": [one.pk for one in chosen], **fields}
    )


def test_many_are_worked_on_at_once(inspector: Client, findings: dict[str, Finding]) -> None:
    chosen = (findings["gap"], findings["clock"])
    many(inspector, "take", *chosen)
    assert Finding.objects.filter(assignee__username="inspector").count() == 2
    asks = many(inspector, "dismiss", *chosen)
    assert asks.status_code == 200
    assert "3 receipts missing" in asks.content.decode()
    assert many(inspector, "dismiss", *chosen, _sure="1", reason="").status_code == 400
    assert Finding.objects.filter(state="dismissed").count() == 0
    many(inspector, "dismiss", *chosen, _sure="1", reason="Summer time.")
    assert set(Finding.objects.filter(state="dismissed")) == set(chosen)
    many(inspector, "note", *chosen, _sure="1", text="Seen at the shop.")
    many(inspector, "reopen", *chosen, _sure="1", reason="It came again.")
    many(inspector, "accept", findings["clock"], _sure="1", reason="Explained.")
    many(inspector, "assign", *chosen, _sure="1", assignee="")
    states = dict(Finding.objects.filter(pk__in=[one.pk for one in chosen]).values_list("kind", "state"))
    assert states == {"gap": "open", "clock": "accepted"}
    assert Finding.objects.filter(assignee__isnull=False).count() == 0
    kinds = list(findings["clock"].notes.values_list("kind", flat=True))
    assert kinds == ["assigned", "state", "note", "state", "state", "assigned"]
    assert FindingNote.objects.exclude(by="staff inspector").count() == 0


def test_the_list_offers_only_what_one_may(auditor: Client, clerk: Client, findings: dict[str, Finding]) -> None:
    assert "Dismiss …" not in auditor.get(LIST).content.decode()
    text = clerk.get(LIST).content.decode()
    assert "Add a note" in text
    assert "Dismiss …" not in text
    many(clerk, "dismiss", findings["gap"], _sure="1", reason="x")
    assert notes(findings["gap"]) == []


def test_nothing_is_added_or_deleted_by_hand(cast: Cast, findings: dict[str, Finding]) -> None:
    assert cast.superuser.get(f"{LIST}add/").status_code == 403
    assert cast.superuser.post(f"{LIST}{findings['gap'].pk}/delete/", {"post": "yes"}).status_code == 403
    assert Finding.objects.count() == len(KINDS)
