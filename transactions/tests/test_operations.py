"""The registry's changes: enrolment, tokens, suspension, and how they reach the capture store."""

from datetime import date, timedelta

import pytest
import redis
from django.conf import LazySettings
from django.utils import timezone

from possys.codes import TERMINAL_MAX
from tests.factories import make_retailer, make_store
from tests.tills import Till
from transactions import loading, operations
from transactions.models import CodeKeyRecord, Deployment, Life, Terminal
from transactions.operations import DeploymentError, EnrolmentError
from transactions.states import read_state
from transactions.stream import SHARD_COUNT, Status, shard_of, terminals_key

KEY = "00112233445566778899aabbccddeeff"


def test_the_terminals_of_a_store_lie_in_its_shard_and_are_known_to_the_store(ledger: redis.Redis) -> None:
    store = make_store()
    first = operations.enrol_terminals(store=store, count=3)
    more = operations.enrol_terminals(store=store, count=2)
    numbers = [terminal.number for terminal in (*first, *more)]
    assert len(set(numbers)) == 5
    assert {shard_of(number) for number in numbers} == {store.shard}
    for number in numbers:
        state = read_state(ledger, number)
        assert state is not None
        assert (state.retailer, state.store, state.status) == (store.retailer_id, store.pk, Status.ACTIVE)
    assert not Terminal.objects.filter(is_loaded=False).exists()


def test_stores_are_spread_over_the_shards(ledger: redis.Redis) -> None:
    retailer = make_retailer()
    shards = {operations.create_store(retailer=retailer, name=f"Store {n}").shard for n in range(SHARD_COUNT)}
    assert len(shards) == SHARD_COUNT


@pytest.mark.parametrize("count", [0, -1, operations.ENROL_MAX + 1])
def test_a_number_of_terminals_out_of_range_is_refused(ledger: redis.Redis, count: int) -> None:
    with pytest.raises(EnrolmentError, match="can be enrolled at once"):
        operations.enrol_terminals(store=make_store(), count=count)


def test_a_shard_without_numbers_left_is_said_and_nothing_is_enrolled(ledger: redis.Redis) -> None:
    store = make_store()
    last = TERMINAL_MAX - (TERMINAL_MAX - store.shard) % SHARD_COUNT
    Terminal.objects.create(number=last, store=store)
    with pytest.raises(EnrolmentError, match="no terminal numbers left"):
        operations.enrol_terminals(store=store, count=1)
    assert Terminal.objects.count() == 1


def test_a_change_that_could_not_reach_the_store_is_sent_again(
    ledger: redis.Redis, till: Till, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(loading, "stores", away)
    with pytest.raises(redis.ConnectionError):
        operations.change_status(till.terminal, Life.SUSPENDED, reason="a test")
    monkeypatch.undo()
    assert Terminal.objects.get(pk=till.number).status == Life.SUSPENDED
    assert till.send().status == 201
    assert loading.load_pending() == 1
    assert till.send().status == 422
    assert loading.load_pending() == 0


def away() -> None:
    raise redis.ConnectionError("the store is away")


def test_loading_keeps_what_the_store_itself_knows(ledger: redis.Redis, till: Till) -> None:
    till.send()
    before = ledger.hget(terminals_key(shard_of(till.number)), str(till.number))
    loading.load_terminals([till.terminal])
    assert ledger.hget(terminals_key(shard_of(till.number)), str(till.number)) == before


def test_the_number_of_shards_never_changes(ledger: redis.Redis) -> None:
    operations.fix_deployment()
    Deployment.objects.update(shard_count=SHARD_COUNT * 2)
    with pytest.raises(DeploymentError, match="128 shards"):
        operations.fix_deployment()


def test_a_new_code_key_begins_on_a_day_that_has_no_codes_yet(ledger: redis.Redis, settings: LazySettings) -> None:
    operations.fix_deployment()
    latest = timezone.now().date() + timedelta(days=settings.CAPTURE_FUTURE_DAYS)
    before = settings.CODE_KEYS
    settings.CODE_KEYS = f"{before},1:{latest}:{KEY}"
    with pytest.raises(DeploymentError, match="let it begin on a later day"):
        operations.fix_deployment()
    settings.CODE_KEYS = f"{before},1:{latest + timedelta(days=1)}:{KEY}"
    operations.fix_deployment()
    assert CodeKeyRecord.objects.filter(environment=0).count() == 2


def test_a_code_key_in_use_never_changes_and_never_goes(ledger: redis.Redis, settings: LazySettings) -> None:
    operations.fix_deployment()
    before = settings.CODE_KEYS
    settings.CODE_KEYS = f"0:2020-01-01:{KEY}"
    with pytest.raises(DeploymentError, match="must never change"):
        operations.fix_deployment()
    settings.CODE_KEYS = before
    CodeKeyRecord.objects.create(environment=0, version=9, first_day=date(2030, 1, 1), fingerprint="00")
    with pytest.raises(DeploymentError, match="missing in the settings"):
        operations.fix_deployment()
