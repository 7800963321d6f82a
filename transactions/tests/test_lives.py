"""The life of retailers, stores and terminals as a till feels it: on the next sale."""

import itertools
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from tests.tills import Till
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.life import effective, may_follow, steps_from
from transactions.models import Life, RegistryStep, Terminal
from transactions.operations import (
    REASON_MAX,
    StepRefused,
    change_status,
    enrol_terminals,
    rotate_gateway_token,
    rotate_terminal_token,
)

OVERLAP = timedelta(days=1)


def test_only_these_steps_follow_each_other() -> None:
    assert {life: steps_from(life) for life in Life} == {
        Life.ENROLLED: [Life.TESTING, Life.ACTIVE, Life.RETIRED],
        Life.TESTING: [Life.ACTIVE, Life.SUSPENDED, Life.LOST, Life.RETIRED],
        Life.ACTIVE: [Life.TESTING, Life.SUSPENDED, Life.LOST, Life.RETIRED],
        Life.SUSPENDED: [Life.ACTIVE, Life.LOST, Life.RETIRED],
        Life.LOST: [Life.ACTIVE, Life.RETIRED],
        Life.RETIRED: [],
    }
    assert not may_follow(Life.ENROLLED, Life.LOST)


def test_the_strictest_life_holds() -> None:
    for lives in itertools.permutations((Life.ACTIVE, Life.TESTING, Life.SUSPENDED)):
        assert effective(*lives) == Life.SUSPENDED
    assert effective(Life.ACTIVE, Life.RETIRED, Life.LOST) == Life.RETIRED


@pytest.mark.parametrize(
    ("status", "pointer", "word"),
    [
        (Life.SUSPENDED, "/terminal", "suspended"),
        (Life.LOST, "/terminal", "lost"),
        (Life.RETIRED, "/terminal", "retired"),
        (Life.TESTING, "/mode", "training"),
    ],
)
def test_a_step_works_on_the_next_sale(till: Till, status: Life, pointer: str, word: str) -> None:
    assert till.send().status == 201
    change_status(till.terminal, status, reason="a test", by="staff anna")
    # A lost till's token is void at once; what its state says is seen by whoever has the next one.
    till.token = mint_terminal_token(till.number, Terminal.objects.get(pk=till.number).key_version)
    answer = till.send()
    assert (answer.status, answer.pointers) == (422, [pointer])
    assert word in answer.json()["detail"]
    training = till.send(till.sale(mode="training"))
    assert training.status == (201 if status == Life.TESTING else 422)
    step = RegistryStep.objects.filter(kind="status").get()
    assert (step.before, step.after, step.reason, step.by) == ("active", status, "a test", "staff anna")
    assert (step.terminal, step.store) == (till.number, till.terminal.store_id)


def test_a_lost_tills_token_is_void(till: Till) -> None:
    change_status(till.terminal, Life.LOST, reason="left in a taxi")
    assert till.send().status == 401


def test_the_whole_stores_and_retailers_tills_are_suspended_with_them(till: Till) -> None:
    store = till.terminal.store
    change_status(store, Life.SUSPENDED, reason="the lease ended")
    assert till.send().status == 422
    change_status(store, Life.ACTIVE, reason="")
    assert till.send().status == 201
    change_status(store.retailer, Life.SUSPENDED, reason="insolvency")
    assert till.send().status == 422


def test_an_enrolled_till_takes_nothing_before_its_code_is_exchanged(till: Till) -> None:
    fresh = Till(enrol_terminals(store=till.terminal.store, count=1, status=Life.ENROLLED)[0])
    answer = fresh.send()
    assert (answer.status, answer.pointers) == (422, ["/terminal"])
    assert "enrolment code" in answer.json()["detail"]


def test_what_cannot_follow_is_refused_and_changes_nothing(till: Till) -> None:
    change_status(till.terminal, Life.RETIRED, reason="scrapped")
    with pytest.raises(StepRefused, match=f"terminal {till.number} is retired and cannot become active"):
        change_status(till.terminal, Life.ACTIVE, reason="")
    with pytest.raises(StepRefused, match="cannot become lost"):
        change_status(till.terminal.store, Life.LOST, reason="")
    with pytest.raises(StepRefused, match="at most 240"):
        change_status(till.terminal.store, Life.SUSPENDED, reason="x" * (REASON_MAX + 1))
    assert RegistryStep.objects.filter(kind="status").count() == 1


def test_steps_are_only_added(till: Till) -> None:
    assert RegistryStep.objects.filter(terminal=till.number, kind="created").count() == 1
    for change in (RegistryStep.objects.all().delete, lambda: RegistryStep.objects.update(reason="")):
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
            change()


def test_a_new_token_overlaps_with_the_one_before(till: Till) -> None:
    old = till.token
    version = rotate_terminal_token(till.terminal, overlap=OVERLAP)
    till.token = mint_terminal_token(till.number, version)
    assert [till.send().status, till.send(token=old).status] == [201, 201]
    assert till.ask(1, str(timezone.now().date()), token=old).status == 200
    newest = mint_terminal_token(till.number, rotate_terminal_token(till.terminal))
    assert [till.send(token=token).status for token in (old, till.token, newest)] == [401, 401, 201]


def test_a_signing_tills_token_is_not_rotated_with_an_overlap(till: Till) -> None:
    till.give_key()
    with pytest.raises(StepRefused, match="renews its token and key by itself"):
        rotate_terminal_token(till.terminal, overlap=OVERLAP)
    assert till.send(till.signed()).status == 201
    rotate_terminal_token(till.terminal)
    assert till.send(till.signed()).status == 401


def test_a_new_gateway_token_overlaps_too(till: Till) -> None:
    retailer = till.terminal.store.retailer
    old = till.gateway_token
    new = mint_gateway_token(retailer.pk, rotate_gateway_token(retailer, overlap=OVERLAP))
    assert [till.send(token=old).status, till.send(token=new).status] == [201, 201]
    rotate_gateway_token(retailer)
    assert [till.send(token=old).status, till.send(token=new).status] == [401, 401]


def test_a_token_that_has_ended_is_named(till: Till) -> None:
    ended = mint_terminal_token(till.number, 1, timezone.now().date() - timedelta(days=1))
    answer = till.send(token=ended)
    assert answer.status == 401
    assert answer.json()["type"].endswith("token-expired")
    assert till.send(token=mint_terminal_token(till.number, 1, timezone.now().date())).status == 201


def test_answers_tell_that_a_token_ends_soon(till: Till) -> None:
    near = timezone.now().date() + timedelta(days=settings.CREDENTIAL_NOTICE_DAYS - 1)
    sale = till.sale()
    for status in (201, 200):
        answer = till.send(sale, token=mint_terminal_token(till.number, 1, near))
        assert answer.status == status
        assert [word["code"] for word in answer.json()["warnings"]] == ["credential-expires"]
        assert str(near) in answer.json()["warnings"][0]["detail"]
    far = near + timedelta(days=1)
    assert till.send(token=mint_terminal_token(till.number, 1, far)).json()["warnings"] == []


def test_a_token_of_before_tokens_had_an_end_is_refused(till: Till) -> None:
    from transactions.authentication import _mac

    text = f"t{till.number}.1"
    assert till.send(token=f"{text}.{_mac(text, settings.TERMINAL_KEY)}").status == 401
