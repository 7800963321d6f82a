"""A retailer's own findings in the portal and for programs: what is shown to whom, and what is never shown."""

import json
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from findings import operations
from findings.models import TEXT_MAX, Finding, Sweep
from findings.pages.answering import OWN_TEXT_MAX
from findings.pages.tests.found import KINDS, make_finding
from findings.pages.texts import ANSWERS, OTHER, WORDS
from findings.sheets import SERVICE
from portal.keys.operations import make_key
from portal.models import Membership
from possys.accounts.models import User
from possys.clock import now_ms, utc
from tests.cast import RetailCast, make_retail_cast
from transactions.operations import enrol_terminals

# Session, person, membership and its stores; what is asked, what is open, when it was judged.
LIST_QUERIES = 7
SECRET = "We watch this shop for a while."


class Own:
    """The cast with a till in the first and the last store, of which the manager has the first only."""

    def __init__(self) -> None:
        cache.clear()
        self.cast: RetailCast = make_retail_cast()
        self.high, self.oak, self.lake = (
            enrol_terminals(store=one, count=1)[0]
            for one in (self.cast.stores[0], self.cast.stores[2], self.cast.rival_store)
        )
        self.staff = User.objects.get(username="staff-superuser")

    def at(self, rest: str = "", retailer: int | None = None) -> str:
        return f"/portal/{retailer or self.cast.retailer.pk}/findings/{rest}"

    def ask(self, finding: Finding) -> None:
        operations.ask([finding], utc(now_ms()) + timedelta(days=3), by="staff anna", author=self.staff)


@pytest.fixture
def own(db: None, store: Any) -> Own:
    return Own()


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return unescape(answer.content.decode())


def answered(own: Own, client: Client, finding: Finding, **fields: Any) -> Any:
    return client.post(own.at("answer/"), {"id": finding.pk, "answer": "offline", "text": "", **fields})


def test_what_is_asked_stands_before_what_is_open(own: Own) -> None:
    gap, silent = make_finding("gap", own.high), make_finding("silent", own.high)
    own.ask(silent)
    page = own.cast.owner.get(own.at())
    panels = {panel.key: [row[0] for row in panel.rows] for panel in page.context["contents"].panels}
    assert panels["asked"] == ["Nothing for 2 days, where about 142 sales would be usual"]
    assert panels["open"] == ["3 receipts missing: 88121 to 88123, for 2 days"]
    operations.answer(silent, by="member 1 of retailer 1", author=None, text="Closed.")
    assert [panel.key for panel in own.cast.owner.get(own.at()).context["contents"].panels] == ["open"]
    operations.set_state([gap], "accepted", by="staff anna", reason="Explained.")
    assert "3 receipts missing" not in text_of(own.cast.owner, own.at())
    assert "3 receipts missing" in text_of(own.cast.owner, own.at("closed/"))


def test_nothing_odd_says_when_it_was_looked_at(own: Own) -> None:
    make_finding("gap", own.lake)
    assert "Nothing is odd about your tills" in text_of(own.cast.owner, own.at())
    assert "not been looked at yet" in text_of(own.cast.owner, own.at())
    at = utc(now_ms())
    Sweep.objects.create(kind="gap", since_blocks={}, began_blocks={}, began_at=at, judged_at=at)
    assert f"{at:%b %Y, %H:}" in text_of(own.cast.owner, own.at())
    assert "Nothing is odd" not in text_of(own.cast.owner, own.at("?kind=gap"))


def test_a_page_says_what_it_means_and_what_to_do_but_not_how_it_is_scored(own: Own) -> None:
    for kind in KINDS:
        finding = make_finding(kind, own.high)
        text = text_of(own.cast.owner, own.at(f"finding/?id={finding.pk}"))
        for said in (WORDS[kind].name, "What it means", "What to do", "Say what explains it", "High Street"):
            assert said in text, kind
        for hidden in ("Urgent", "by chance", WORDS[kind].staff_do, "Why it was raised"):
            assert hidden not in text, kind


def test_notes_of_staff_and_their_names_stay_inside(own: Own) -> None:
    finding = make_finding("gap", own.high)
    operations.note(finding, by="staff anna", author=own.staff, text=SECRET, is_internal=True)
    operations.note(finding, by="staff anna", author=own.staff, text="What happened?", is_internal=False)
    operations.assign([finding], own.staff, "staff anna", author=own.staff)
    key = make_key(Membership.objects.get(user__username="corner-owner"), name="test", now=utc(now_ms()))
    program = Client().get(
        f"/api/v1/retailers/{own.cast.retailer.pk}/findings/finding?id={finding.pk}",
        headers={"Authorization": f"Bearer {key}"},
    )
    shown = [
        text_of(own.cast.owner, own.at(f"finding/?id={finding.pk}")),
        own.cast.owner.get(own.at(f"finding.csv?id={finding.pk}")).content.decode("utf-8-sig"),
        program.content.decode(),
    ]
    for text in shown:
        assert "What happened?" in text
        assert "The authority" in text
        assert SECRET not in text
        assert "anna" not in text
        assert "staff-superuser" not in text


def test_a_rival_and_everybody_else_outside_finds_nothing(own: Own) -> None:
    finding = make_finding("gap", own.high)
    theirs = make_finding("gap", own.lake)
    pages = [f"{page.key}/" for page in SERVICE.pages] + [f"{form.key}/" for form in SERVICE.forms]
    files = [f"{page.key}.{form}" for page in SERVICE.pages for form in ("csv", "xlsx")]
    for place in ("", *pages, *files):
        url = own.at(f"{place}?id={finding.pk}")
        for name, client in own.cast.outsiders.items():
            assert client.get(url).status_code == 404, (name, url)
            assert client.post(url, {"id": finding.pk}).status_code in {404, 405}, (name, url)
        assert own.cast.anonymous.get(url).status_code == 302
    # The rival by its own address, and the owner asking for the rival's.
    rival_at = own.at(f"finding/?id={finding.pk}", own.cast.rival_retailer.pk)
    assert own.cast.rival.get(rival_at).status_code == 404
    assert own.cast.owner.get(own.at(f"finding/?id={theirs.pk}")).status_code == 404
    assert own.cast.owner.get(own.at(f"finding.csv?id={theirs.pk}")).status_code == 404
    assert own.cast.owner.get(own.at(f"answer/?id={theirs.pk}")).status_code == 404
    assert answered(own, own.cast.owner, theirs).status_code == 404
    assert theirs.notes.count() == 0


def test_a_program_of_the_rival_finds_nothing(own: Own) -> None:
    finding = make_finding("gap", own.high)
    key = make_key(Membership.objects.get(user__username="rival"), name="test", now=utc(now_ms()))
    headers = {"Authorization": f"Bearer {key}"}
    for retailer in (own.cast.retailer.pk, own.cast.rival_retailer.pk):
        at = f"/api/v1/retailers/{retailer}/findings"
        assert Client().get(f"{at}/finding?id={finding.pk}", headers=headers).status_code == 404
        sent = Client().post(
            f"{at}/answer", json.dumps({"id": finding.pk, "answer": "offline"}), "application/json", headers=headers
        )
        assert sent.status_code == 404
    assert finding.notes.count() == 0


def test_a_store_manager_sees_their_stores_only(own: Own) -> None:
    here, there = make_finding("gap", own.high), make_finding("silent", own.oak)
    text = text_of(own.cast.store_manager, own.at())
    assert "3 receipts missing" in text
    assert "Nothing for 2 days" not in text
    assert "Nothing for 2 days" in text_of(own.cast.owner, own.at())
    assert own.cast.store_manager.get(own.at(f"finding/?id={here.pk}")).status_code == 200
    assert own.cast.store_manager.get(own.at(f"finding/?id={there.pk}")).status_code == 404
    assert answered(own, own.cast.store_manager, there).status_code == 404
    assert answered(own, own.cast.store_manager, here).status_code == 302


def test_whoever_may_look_only_cannot_answer(own: Own) -> None:
    finding = make_finding("gap", own.high)
    for name in ("viewer", "accountant"):
        client: Client = getattr(own.cast, name)
        assert "Say what explains it" not in text_of(client, own.at(f"finding/?id={finding.pk}"))
        assert client.get(own.at(f"answer/?id={finding.pk}")).status_code == 403
        assert answered(own, client, finding).status_code == 403
    assert finding.notes.count() == 0


def test_an_answer_is_kept_with_who_gave_it(own: Own) -> None:
    finding = make_finding("gap", own.high)
    own.ask(finding)
    done = answered(own, own.cast.owner, finding, answer="printer-test", text="On Tuesday.\r\nBy the technician.")
    assert done.url == own.at(f"finding/?id={finding.pk}")
    finding.refresh_from_db()
    said = finding.notes.get(kind="answer")
    member = Membership.objects.get(user__username="corner-owner")
    assert finding.state == "answered"
    assert said.by == f"member {member.pk} of retailer {own.cast.retailer.pk}"
    assert said.author == member.user
    assert said.text == f"{ANSWERS['printer-test']}. On Tuesday.\nBy the technician."
    text = text_of(own.cast.owner, own.at(f"finding/?id={finding.pk}"))
    assert "Answered, being looked at" in text
    assert "corner-owner" in text


def test_answers_fit_the_kind_and_something_else_is_said_in_words(own: Own) -> None:
    finding = make_finding("clock", own.high)
    form = text_of(own.cast.owner, own.at(f"answer/?id={finding.pk}"))
    for choice in WORDS["clock"].answers:
        assert choice.label in form
    assert ANSWERS["stolen"] not in form
    assert answered(own, own.cast.owner, finding, answer="stolen").status_code == 400
    wrong = answered(own, own.cast.owner, finding, answer=OTHER.key, text=" ")
    assert "Please say what it was." in wrong.content.decode()
    assert answered(own, own.cast.owner, finding, text="x" * (OWN_TEXT_MAX + 1)).status_code == 400
    assert finding.notes.count() == 0
    assert answered(own, own.cast.owner, finding, answer=OTHER.key, text="x" * OWN_TEXT_MAX).status_code == 302
    longest = max(map(len, ANSWERS.values()))
    assert longest + len(". ") + OWN_TEXT_MAX <= TEXT_MAX


def test_what_is_over_takes_no_answer(own: Own) -> None:
    finding = make_finding("gap", own.high)
    operations.set_state([finding], "dismissed", by="staff anna", reason="Nothing odd.")
    refused = answered(own, own.cast.owner, finding)
    assert refused.status_code == 400
    assert "It is over" in refused.content.decode()
    assert "Say what explains it" not in text_of(own.cast.owner, own.at(f"finding/?id={finding.pk}"))


@pytest.mark.parametrize("junk", ["", "0", "-1", "x", "9" * 30, "1e9", "٣"])
def test_an_address_without_a_finding_shows_none(own: Own, junk: str) -> None:
    for place in ("finding/", "finding.csv", *(["answer/"] if junk else [])):
        assert own.cast.owner.get(own.at(place), {"id": junk}).status_code in {400, 404}, place
    assert own.cast.owner.post(own.at("answer/"), {"id": junk, "answer": "other", "text": "x"}).status_code in {
        400,
        404,
    }


def test_a_list_asks_as_much_for_one_finding_as_for_many(own: Own) -> None:
    # The session notes the retailer once.
    own.cast.owner.get(own.at())
    counts = []
    for number in range(12):
        make_finding("gap", own.high, subject=str(number))
        if number in {0, 11}:
            with CaptureQueriesContext(connection) as asked:
                own.cast.owner.get(own.at())
            counts.append(len(asked))
    assert counts == [LIST_QUERIES, LIST_QUERIES], [one["sql"] for one in asked]


def test_a_long_list_goes_on_and_ends(own: Own) -> None:
    keys = [make_finding("gap", own.high, subject=str(number)).pk for number in range(53)]
    first = own.cast.owner.get(own.at()).context["contents"]
    second = own.cast.owner.get(own.at(), {"after": first.after}).context["contents"]
    ids = [int(row[-2]) for contents in (first, second) for panel in contents.panels for row in panel.rows]
    assert ids == sorted(keys, reverse=True)
    assert second.after == ""
    closed = utc(now_ms())
    Finding.objects.update(state="resolved", closed_at=closed)
    first = own.cast.owner.get(own.at("closed/")).context["contents"]
    second = own.cast.owner.get(own.at("closed/"), {"after": first.after}).context["contents"]
    assert [len(one.panels[0].rows) for one in (first, second)] == [50, 3]
    for junk in ("x", "2026-01-01,1", ",", "9" * 40):
        assert own.cast.owner.get(own.at("closed/"), {"after": junk}).status_code == 200


def test_hostile_names_are_only_text(own: Own) -> None:
    evil = '"><script>alert(1)</script>'
    own.cast.stores[0].name = evil
    own.cast.stores[0].save()
    finding = make_finding("gap", own.high)
    operations.note(finding, by="staff anna", author=None, text=evil, is_internal=False)
    for rest in ("", f"finding/?id={finding.pk}"):
        assert b"<script>alert" not in own.cast.owner.get(own.at(rest)).content
