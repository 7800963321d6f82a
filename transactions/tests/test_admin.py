"""The registry in the admin: who may see and change it, what a change does, and what happens without the store."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_retailer, make_store, make_terminals
from tests.people import Cast, make_cast, make_person, signed_in
from tests.tills import Till
from transactions import service
from transactions.authentication import mint_gateway_token
from transactions.enrolment.tests.conftest import NewTill
from transactions.models import EnrolmentCode, Life, RegistryStep, Retailer, Store, Terminal
from transactions.operations import change_status, enrol_terminals
from transactions.signatures import fingerprint

# Nothing listens there.
NO_STORE_URL = "redis://127.0.0.1:1/0"
TOKEN = re.compile(r'<code class="token break-words">([^<]+)</code>')
CODE = re.compile(r'<code class="enrolment-code whitespace-nowrap">([^<]+)</code>')
LISTS = ("retailer", "store", "terminal", "registrystep")


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


@pytest.fixture
def store_away(settings: Any) -> Iterator[Any]:
    """Call it and the capture store cannot be reached; call what it answers and it is back."""
    here = settings.REDIS_URL

    def go(url: str = NO_STORE_URL) -> None:
        settings.REDIS_URL = url
        service.stores.cache_clear()
        service.capture.cache_clear()

    def go_away() -> Callable[[], None]:
        go()
        return lambda: go(here)

    yield go_away
    go(here)


def page_of(target: Any, action: str = "change") -> str:
    return reverse(f"admin:transactions_{target._meta.model_name}_{action}", args=[target.pk])


def list_of(name: str) -> str:
    return reverse(f"admin:transactions_{name}_changelist")


def ask_and_do(client: Client, url: str, **answers: Any) -> Any:
    """Reads the page that asks, and confirms it."""
    asked = client.get(url)
    seen = re.search(r'name="seen" value="(\d+)"', asked.content.decode())
    assert seen is not None
    return client.post(url, {"seen": seen[1], **answers}, follow=True)


def actions_on(terminal: Terminal) -> list[str]:
    store, retailer = terminal.store, terminal.store.retailer
    lives = ("activate", "suspend", "retire")
    on_terminal = [page_of(terminal, name) for name in ("issue_code", "rotate_token", "test", "lose", "load", *lives)]
    on_store = [page_of(store, name) for name in ("enrol_terminals", "issue_codes", "load", *lives)]
    return [*on_terminal, *on_store, *[page_of(retailer, name) for name in ("rotate_gateway_token", "load", *lives)]]


def registry() -> list[Any]:
    rows: list[Any] = []
    for model in (Retailer, Store, Terminal, EnrolmentCode, RegistryStep):
        rows.extend(model.objects.order_by("pk").values_list())
    return rows


def test_only_those_with_the_right_to_look_see_the_registry(cast: Cast, till: Till) -> None:
    terminal = till.terminal
    pages = [list_of(name) for name in LISTS]
    pages += [page_of(terminal), page_of(terminal.store), page_of(terminal.store.retailer)]
    for url in pages:
        assert cast.superuser.get(url).status_code == 200
        assert cast.viewer.get(url).status_code == 200
        assert cast.without_rights.get(url).status_code == 403
        assert cast.anonymous.get(url).headers["Location"].startswith("/admin/login/")


def test_those_who_may_only_look_change_nothing(cast: Cast, till: Till) -> None:
    before = registry()
    for url in actions_on(till.terminal):
        for client in (cast.viewer, cast.without_rights):
            assert client.get(url).status_code == 403
            assert client.post(url, {"seen": 1, "count": 1, "reason": "no"}).status_code == 403
        assert cast.anonymous.post(url, {"seen": 1}).headers["Location"].startswith("/admin/login/")
    assert registry() == before
    assert not LogEntry.objects.exists()


def test_a_look_at_the_page_that_asks_changes_nothing(cast: Cast, till: Till) -> None:
    before = registry()
    for url in actions_on(till.terminal):
        assert cast.superuser.get(url).status_code == 200
    assert registry() == before


def test_another_site_cannot_confirm_for_the_person(cast: Cast, till: Till) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = cast.superuser.cookies
    assert client.post(page_of(till.terminal, "suspend"), {"seen": 0}).status_code == 403
    till.terminal.refresh_from_db()
    assert till.terminal.status == "active"


def test_enrolled_terminals_are_shown_once_with_tokens_that_work(cast: Cast, till: Till) -> None:
    store = till.terminal.store
    response = ask_and_do(cast.superuser, page_of(store, "enrol_terminals"), count=3, gets="tokens")
    text = response.content.decode()
    tokens = TOKEN.findall(text)
    new = list(store.terminals.exclude(pk=till.number))
    assert len(tokens) == len(new) == 3
    assert "no-store" in response.headers["Cache-Control"]
    for terminal, token in zip(new, tokens, strict=True):
        assert f"Terminal {terminal.number}" in text
        assert Till(terminal, token).send().status == 201
    assert not TOKEN.findall(cast.superuser.get(page_of(store)).content.decode())
    log = LogEntry.objects.get()
    assert str(new[0].number) in log.change_message
    assert tokens[0] not in log.change_message


def test_a_page_sent_twice_enrols_once(cast: Cast, till: Till) -> None:
    url = page_of(till.terminal.store, "enrol_terminals")
    for _ in range(2):
        response = cast.superuser.post(url, {"seen": 1, "count": 2, "gets": "tokens"}, follow=True)
    assert Terminal.objects.count() == 3
    assert "Nothing was done" in response.content.decode()
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("count", ["0", "1001", "", "many"])
def test_a_wrong_number_of_terminals_is_said_on_the_page(cast: Cast, till: Till, count: str) -> None:
    response = ask_and_do(cast.superuser, page_of(till.terminal.store, "enrol_terminals"), count=count, gets="codes")
    assert response.context["form"].errors["count"]
    assert Terminal.objects.count() == 1


def test_the_right_to_add_terminals_is_enough_to_enrol(till: Till) -> None:
    clerk = signed_in(make_person("clerk", "view_store", "add_terminal"))
    store = till.terminal.store
    assert b"Enrol terminals" in clerk.get(page_of(store)).content
    ask_and_do(clerk, page_of(store, "enrol_terminals"), count=1, gets="codes")
    assert store.terminals.count() == 2
    assert clerk.post(page_of(till.terminal, "suspend"), {"seen": 2, "reason": "x"}).status_code == 403


def test_a_rotated_token_replaces_the_old_one_at_once(cast: Cast, till: Till) -> None:
    response = ask_and_do(cast.superuser, page_of(till.terminal, "rotate_token"))
    (token,) = TOKEN.findall(response.content.decode())
    assert till.send().status == 401
    assert till.send(token=token).status == 201
    assert LogEntry.objects.get().object_id == str(till.number)


def test_a_rotated_gateway_token_replaces_the_old_one_at_once(cast: Cast, till: Till) -> None:
    old = till.gateway_token
    response = ask_and_do(cast.superuser, page_of(till.terminal.store.retailer, "rotate_gateway_token"))
    (token,) = TOKEN.findall(response.content.decode())
    assert token == mint_gateway_token(till.terminal.store.retailer_id, 2)
    assert till.send(token=old).status == 401
    assert till.send(token=token).status == 201


def test_a_suspended_terminal_is_refused_until_it_is_active_again(cast: Cast, till: Till) -> None:
    ask_and_do(cast.superuser, page_of(till.terminal, "suspend"), reason="unpaid")
    assert till.send().status == 422
    page = cast.superuser.get(page_of(till.terminal)).content.decode()
    assert "Make active" in page
    assert page_of(till.terminal, "suspend") not in page
    ask_and_do(cast.superuser, page_of(till.terminal, "activate"), reason="paid")
    assert till.send().status == 201
    said = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert said == [f"Terminal {till.number} is suspended now: unpaid", f"Terminal {till.number} is active now: paid"]
    steps = RegistryStep.objects.filter(terminal=till.number, kind="status").order_by("pk")
    assert [(step.before, step.after, step.reason, step.by) for step in steps] == [
        ("active", "suspended", "unpaid", "staff superuser"),
        ("suspended", "active", "paid", "staff superuser"),
    ]
    page = cast.superuser.get(page_of(till.terminal)).content.decode()
    assert "unpaid" in page
    assert "staff superuser" in page


def test_without_the_store_the_registry_changes_and_loading_it_later_makes_it_so(
    cast: Cast, till: Till, store_away: Any
) -> None:
    come_back = store_away()
    url = page_of(till.terminal, "suspend")
    assert "the capture store cannot be reached" in ask_and_do(cast.superuser, url, reason="stolen").content.decode()
    till.terminal.refresh_from_db()
    assert till.terminal.status == "suspended"
    assert LogEntry.objects.count() == 1
    assert "Nothing was done" in ask_and_do(cast.superuser, page_of(till.terminal, "load")).content.decode()
    assert LogEntry.objects.count() == 1
    come_back()
    assert till.send().status == 201
    ask_and_do(cast.superuser, page_of(till.terminal, "load"))
    assert till.send().status == 422


def test_terminals_enrolled_without_the_store_show_their_tokens_and_work_once_loaded(
    cast: Cast, till: Till, store_away: Any
) -> None:
    come_back = store_away()
    store = till.terminal.store
    text = ask_and_do(cast.superuser, page_of(store, "enrol_terminals"), count=1, gets="tokens").content.decode()
    (token,) = TOKEN.findall(text)
    assert "the capture store cannot be reached" in text
    new = Till(store.terminals.exclude(pk=till.number).get(), token)
    come_back()
    assert new.send().status == 422
    ask_and_do(cast.superuser, page_of(store, "load"))
    assert new.send().status == 201


def test_a_store_made_in_the_admin_gets_its_shard_from_the_domain(cast: Cast, till: Till) -> None:
    retailer = till.terminal.store.retailer
    answers = {"retailer": retailer.pk, "name": "Station", "address": "", "reference": "7", "place": "Brno"}
    answers |= {"kind": "mobile", "_save": "Save"}
    response = cast.superuser.post(reverse("admin:transactions_store_add"), answers)
    store = Store.objects.get(name="Station")
    assert response.status_code == 302
    assert store.shard != till.terminal.store.shard
    assert (store.reference, store.place, store.kind) == ("7", "Brno", "mobile")
    assert RegistryStep.objects.get(store=store.pk).by == "staff superuser"
    assert LogEntry.objects.get().object_id == str(store.pk)


def test_a_retailer_made_in_the_admin_can_be_renamed_but_a_stores_retailer_stays(cast: Cast, till: Till) -> None:
    cast.superuser.post(reverse("admin:transactions_retailer_add"), {"name": "Nw Foods", "tax_id": "X-1"})
    retailer = Retailer.objects.get(tax_id="X-1")
    cast.superuser.post(page_of(retailer), {"name": "New Foods", "tax_id": "X-1", "gateway_version": 9})
    retailer.refresh_from_db()
    assert (retailer.name, retailer.gateway_version) == ("New Foods", 1)
    store = till.terminal.store
    inline = {"terminals-TOTAL_FORMS": 0, "terminals-INITIAL_FORMS": 0}
    given = {"name": "Moved", "kind": "fixed", "retailer": retailer.pk, "shard": 9, "status": "retired", **inline}
    cast.superuser.post(page_of(store), given)
    moved = Store.objects.get(pk=store.pk)
    assert (moved.name, moved.retailer_id, moved.shard) == ("Moved", store.retailer_id, store.shard)
    assert moved.status == "active"
    step = RegistryStep.objects.filter(store=store.pk, terminal=None).first()
    assert step is not None
    assert (step.kind, step.by) == ("changed", "staff superuser")
    assert "name High Street" in step.before
    assert "name Moved" in step.after


def test_two_stores_of_a_retailer_have_different_references(cast: Cast, till: Till) -> None:
    first = till.terminal.store
    second = make_store(first.retailer, name="Second")
    inline = {"terminals-TOTAL_FORMS": 0, "terminals-INITIAL_FORMS": 0}
    given = {"kind": "fixed", "reference": "7", **inline}
    cast.superuser.post(page_of(first), {"name": "First", **given})
    page = cast.superuser.post(page_of(second), {"name": "Second", **given})
    assert b"Another store of this retailer has this reference." in page.content
    add = {"retailer": first.retailer_id, "name": "Third", **given}
    page = cast.superuser.post(reverse("admin:transactions_store_add"), add)
    assert b"Another store of this retailer has this reference." in page.content
    assert Store.objects.filter(reference="7").count() == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 241])
def test_a_status_is_never_changed_without_a_reason(cast: Cast, till: Till, reason: str) -> None:
    for target in (till.terminal, till.terminal.store, till.terminal.store.retailer):
        page = ask_and_do(cast.superuser, page_of(target, "suspend"), reason=reason)
        assert page.context["form"].errors["reason"]
    assert till.send().status == 201


@pytest.mark.parametrize("name", ["store", "retailer"])
def test_a_suspended_store_or_retailer_stops_all_its_terminals(cast: Cast, till: Till, rival: Till, name: str) -> None:
    target = till.terminal.store if name == "store" else till.terminal.store.retailer
    ask_and_do(cast.superuser, page_of(target, "suspend"), reason="unpaid")
    assert till.send().status == 422
    assert rival.send().status == 201
    page = cast.superuser.get(page_of(till.terminal)).content.decode()
    assert "suspended" in page
    ask_and_do(cast.superuser, page_of(target, "activate"), reason="paid")
    assert till.send().status == 201


def test_a_page_of_before_a_step_changes_nothing(cast: Cast, till: Till) -> None:
    seen = {"seen": list(Life).index(Life.ACTIVE), "reason": "late"}
    ask_and_do(cast.superuser, page_of(till.terminal, "lose"), reason="stolen")
    page = cast.superuser.post(page_of(till.terminal, "suspend"), seen, follow=True)
    assert "Nothing was done" in page.content.decode()
    till.terminal.refresh_from_db()
    assert till.terminal.status == "lost"


def test_a_step_that_cannot_follow_is_refused_on_the_page(cast: Cast, till: Till) -> None:
    ask_and_do(cast.superuser, page_of(till.terminal, "retire"), reason="broken")
    page = ask_and_do(cast.superuser, page_of(till.terminal, "activate"), reason="mended")
    assert "cannot become active" in page.content.decode()
    text = cast.superuser.get(page_of(till.terminal)).content.decode()
    for name in ("issue_code", "rotate_token", "activate", "suspend", "lose", "test"):
        assert page_of(till.terminal, name) not in text


def test_a_code_is_shown_once_and_makes_a_till(cast: Cast, till: Till) -> None:
    terminal = till.terminal
    response = ask_and_do(cast.superuser, page_of(terminal, "issue_code"), leads_to="active")
    text = response.content.decode()
    (code,) = CODE.findall(text)
    assert "<svg" in text
    assert "no-store" in response.headers["Cache-Control"]
    assert code not in LogEntry.objects.get().change_message
    page = cast.superuser.get(page_of(terminal)).content.decode()
    assert code not in page
    assert "staff superuser" in page
    said = NewTill().enrol(code).json()
    assert (said["terminal"], said["status"]) == (terminal.number, "active")
    assert till.send(token=said["token"]).status == 201
    assert "used" in cast.superuser.get(page_of(terminal)).content.decode()


def test_a_page_sent_twice_issues_one_code(cast: Cast, till: Till) -> None:
    for _ in range(2):
        page = cast.superuser.post(
            page_of(till.terminal, "issue_code"), {"seen": 0, "leads_to": "testing"}, follow=True
        )
    assert "Nothing was done" in page.content.decode()
    assert EnrolmentCode.objects.get().activates is False


def test_terminals_enrolled_with_codes_take_nothing_until_they_are_exchanged(cast: Cast, till: Till) -> None:
    store = till.terminal.store
    text = ask_and_do(cast.superuser, page_of(store, "enrol_terminals"), count=2, gets="codes").content.decode()
    codes = CODE.findall(text)
    new = list(store.terminals.exclude(pk=till.number))
    assert [terminal.status for terminal in new] == ["enrolled", "enrolled"]
    assert [NewTill().enrol(code).json()["terminal"] for code in codes] == [terminal.number for terminal in new]


def test_all_of_a_stores_new_terminals_get_codes_at_once(cast: Cast, till: Till) -> None:
    store = till.terminal.store
    url = page_of(store, "issue_codes")
    nothing = ask_and_do(cast.superuser, url, leads_to="active", only_new="on")
    assert "The store has no such terminals." in nothing.content.decode()
    enrol_terminals(store=store, count=3, status=Life.ENROLLED)
    text = ask_and_do(cast.superuser, url, leads_to="active", only_new="on").content.decode()
    assert len(CODE.findall(text)) == 3
    assert len(CODE.findall(ask_and_do(cast.superuser, url, leads_to="active").content.decode())) == 4


def test_a_rotated_token_can_let_the_old_one_work_on(cast: Cast, till: Till) -> None:
    response = ask_and_do(cast.superuser, page_of(till.terminal, "rotate_token"), keeps_old="on")
    (token,) = TOKEN.findall(response.content.decode())
    assert till.send().status == 201
    assert till.send(token=token).status == 201


def test_a_signing_terminals_token_is_not_rotated_with_an_overlap(cast: Cast, till: Till) -> None:
    new_till = NewTill()
    text = ask_and_do(cast.superuser, page_of(till.terminal, "issue_code"), leads_to="active").content.decode()
    new_till.enrol(CODE.findall(text)[0], **new_till.key())
    page = ask_and_do(cast.superuser, page_of(till.terminal, "rotate_token"), keeps_old="on").content.decode()
    assert "cannot keep its old token" in page
    page = cast.superuser.get(page_of(till.terminal)).content.decode()
    assert f"key 1, {fingerprint(new_till.public_key)}" in page


def choose(client: Client, action: str, *terminals: Terminal, **answers: Any) -> Any:
    """Chooses terminals in the list, and answers the page that asks."""
    chosen = {"action": action, "_selected_action": [terminal.pk for terminal in terminals]}
    return client.post(list_of("terminal"), {**chosen, **answers}, follow=True)


def test_many_terminals_are_suspended_with_one_reason(cast: Cast, till: Till, rival: Till) -> None:
    retired = make_terminals(till.terminal.store)[0]
    change_status(retired, Life.RETIRED, reason="broken")
    asked = choose(cast.superuser, "suspend_chosen", till.terminal, rival.terminal, retired)
    assert "Rival Foods" in asked.content.decode()
    assert till.send().status == 201
    empty = choose(cast.superuser, "suspend_chosen", till.terminal, confirmed="1", reason=" ")
    assert empty.context["form"].errors["reason"]
    done = choose(
        cast.superuser, "suspend_chosen", till.terminal, rival.terminal, retired, confirmed="1", reason="fraud"
    )
    text = done.content.decode()
    assert "Suspended {}, {}.".format(*sorted((till.number, rival.number))) in text
    assert f"Left as they were, because they cannot be suspended: {retired.number}." in text
    assert till.send().status == rival.send().status == 422
    steps = RegistryStep.objects.filter(kind="status", reason="fraud")
    assert {(step.terminal, step.by) for step in steps} == {
        (till.number, "staff superuser"), (rival.number, "staff superuser"),
    }  # fmt: skip


def test_more_than_a_page_can_ask_for_is_not_suspended(
    cast: Cast, till: Till, rival: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.admin_bulk.BULK_MAX", 1)
    page = choose(cast.superuser, "suspend_chosen", till.terminal, rival.terminal, confirmed="1", reason="fraud")
    assert "at most 1 can be chosen" in page.content.decode()
    assert till.send().status == 201


def test_chosen_terminals_get_codes_all_or_none(cast: Cast, till: Till, rival: Till) -> None:
    done = choose(cast.superuser, "issue_for_chosen", till.terminal, rival.terminal, confirmed="1", leads_to="active")
    assert len(CODE.findall(done.content.decode())) == 2
    assert LogEntry.objects.count() == 2
    change_status(rival.terminal, Life.SUSPENDED, reason="unpaid")
    page = choose(cast.superuser, "issue_for_chosen", till.terminal, rival.terminal, confirmed="1", leads_to="active")
    assert "gets no enrolment code" in page.content.decode()
    assert EnrolmentCode.objects.count() == 2


def test_only_those_who_may_change_terminals_are_offered_the_lists_actions(cast: Cast, till: Till) -> None:
    assert b"suspend_chosen" in cast.superuser.get(list_of("terminal")).content
    assert b"suspend_chosen" not in cast.viewer.get(list_of("terminal")).content
    choose(cast.viewer, "suspend_chosen", till.terminal, confirmed="1", reason="fraud")
    assert till.send().status == 201


def test_steps_are_found_by_terminal_and_nobody_changes_them(cast: Cast, till: Till, rival: Till) -> None:
    page = cast.viewer.get(list_of("registrystep"), {"q": str(till.number)})
    assert {step.terminal for step in page.context["cl"].result_list} == {till.number}
    assert not cast.viewer.get(list_of("registrystep"), {"q": "x"}).context["cl"].result_list
    page = cast.viewer.get(list_of("registrystep"), {"store__exact": till.terminal.store_id})
    assert {step.store for step in page.context["cl"].result_list} == {till.terminal.store_id}
    step = RegistryStep.objects.filter(terminal=till.number).get()
    assert cast.superuser.post(page_of(step, "delete"), {"post": "yes"}).status_code == 403
    assert cast.superuser.post(page_of(step), {"reason": "another"}).status_code == 403


def test_an_address_that_names_nothing_is_told_so(cast: Cast, till: Till) -> None:
    for name in LISTS:
        page = cast.superuser.get(reverse(f"admin:transactions_{name}_change", args=["9" * 12]))
        assert page.status_code == 302


def test_what_has_terminals_is_never_deleted_and_terminals_never_by_hand(cast: Cast, till: Till) -> None:
    before = registry()
    terminal = till.terminal
    for target in (terminal, terminal.store, terminal.store.retailer):
        assert cast.superuser.post(page_of(target, "delete"), {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": target.pk, "post": "yes"}
        cast.superuser.post(list_of(str(target._meta.model_name)), chosen)
    assert cast.superuser.get(reverse("admin:transactions_terminal_add")).status_code == 403
    assert registry() == before
    empty = make_store(terminal.store.retailer, name="Never opened")
    assert cast.viewer.post(page_of(empty, "delete"), {"post": "yes"}).status_code == 403
    cast.superuser.post(page_of(empty, "delete"), {"post": "yes"})
    assert not Store.objects.filter(pk=empty.pk).exists()


# Session, person, and the page's own: rows, and a count where it is cheap.
@pytest.mark.parametrize(("name", "queries"), [("retailer", 4), ("store", 4), ("terminal", 3)])
def test_a_list_takes_the_same_queries_for_few_and_for_many(
    cast: Cast, till: Till, name: str, queries: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(queries):
        cast.superuser.get(list_of(name))
    for number in range(5):
        make_terminals(make_store(make_retailer(f"Retailer {number}")), 3)
    with django_assert_num_queries(queries):
        response = cast.superuser.get(list_of(name))
    assert len(response.context["cl"].result_list) == (16 if name == "terminal" else 6)


def test_a_stores_page_takes_the_same_queries_for_few_and_for_many_terminals(cast: Cast, till: Till) -> None:
    store = till.terminal.store
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            text = cast.superuser.get(page_of(store)).content.decode()
        counts.append(len(queries))
        make_terminals(store, 20)
    assert counts[0] == counts[1] <= 12
    assert page_of(till.terminal) in text


def test_the_terminal_list_never_counts_the_terminals(cast: Cast, till: Till) -> None:
    with CaptureQueriesContext(connection) as queries:
        cast.superuser.get(list_of("terminal"))
    assert not [query for query in queries if "COUNT(" in query["sql"]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("number", True), ("Corner", True), ("Rival", False), ("999999", False), ("9" * 30, False), ("\u00b2", False)],
)
def test_a_terminal_is_found_by_its_number_or_its_retailer(
    cast: Cast, till: Till, rival: Till, asked: str, found: bool
) -> None:
    term = str(till.number) if asked == "number" else asked
    response = cast.viewer.get(list_of("terminal"), {"q": term})
    assert (till.terminal in response.context["cl"].result_list) is found


def test_the_list_is_filtered_by_status_and_by_store(cast: Cast, till: Till, rival: Till) -> None:
    ask_and_do(cast.superuser, page_of(rival.terminal, "suspend"), reason="unpaid")
    for asked in ({"status__exact": "active"}, {"store__id__exact": till.terminal.store_id}):
        response = cast.viewer.get(list_of("terminal"), asked)
        assert [terminal.pk for terminal in response.context["cl"].result_list] == [till.number]
