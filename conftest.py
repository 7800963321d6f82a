"""Fixtures for the tests of every app: an empty ledger with its capture store, and a till that sends to it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from possys import clock
from tests.tampering import triggers_off

# A timing is never a test's verdict, and on a busy machine it would be.
hypothesis_settings.register_profile("timeless", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("timeless")

if TYPE_CHECKING:
    from ledger.flush import Flushed
    from tests.tills import Till

# Rows that migrations made stay between tests.
KEPT_TABLES = frozenset({"django_migrations", "django_content_type", "auth_permission"})
# Left in the capture store, so that a second run may empty what a first one filled.
TEST_STORE_KEY = "tests-may-empty-this-store"
# Partitions that stay between tests; others are made on demand.
DAYS_BACK, DAYS_AHEAD = 1, 1


# Processes remember what these hold until the table gets a new file (ledger/product_names.py).
REMEMBERED_TABLES = ("analytics_product", "warehouse_product")
# Begins every used sequence again but those of the tables that stay.
RESTART = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE last_value IS NOT NULL AND sequencename NOT IN ({kept})
""".format(kept=", ".join(f"'{name}_id_seq'" for name in sorted(KEPT_TABLES)))


@pytest.fixture(autouse=True)
def _windows_stand_still() -> Iterator[None]:
    """No limit's window ends in the middle of a test, where it would begin to count anew."""
    began_ms = clock.now_ms()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("possys.limits.now_ms", lambda: began_ms)
        yield


@pytest.fixture(scope="session", autouse=True)
def _empty_by_deleting() -> Iterator[None]:
    """Has tests that commit leave an empty database behind.

    Django would call its command `flush` for that, whose name is the ledger's own here. Most of the hundred and fifty
    tables are empty, and deleting nothing takes microseconds, where TRUNCATE gives each table and index a new file.
    """

    def empty(case: Any) -> None:
        for alias in case._databases_names(include_mirrors=False):
            names = connections[alias].introspection.django_table_names(only_existing=True, include_views=False)
            deletions = [f'DELETE FROM "{name}"' for name in sorted(set(names) - KEPT_TABLES)]  # noqa: S608 - our names
            with triggers_off(alias) as cursor:
                for name in REMEMBERED_TABLES:
                    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {name})")  # noqa: S608
                    if cursor.fetchone() == (True,):
                        cursor.execute(f"TRUNCATE {name}")
                cursor.execute("; ".join(deletions))
                cursor.execute(RESTART)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(scope="session")
def _own_store() -> redis.Redis:
    """A client of the capture store, once it is certain that no data but tests' own is in it."""
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    if client.dbsize() and not client.exists(TEST_STORE_KEY):
        pytest.exit("REDIS_URL is a store with data in it, and the tests would empty it. Use `make test`.", 2)
    return client


@pytest.fixture
def store(_own_store: redis.Redis) -> Iterator[redis.Redis]:
    """The capture store, empty and with its ordinary settings, and a capture that has not looked at it yet."""
    from transactions import service
    from transactions.throttling import CaptureThrottle, LookupThrottle

    before: Any = _own_store.config_get("*")
    _own_store.flushall()
    _own_store.set(TEST_STORE_KEY, 1)
    service.capture.cache_clear()
    # Counts of the public pages' limits, in a database of their own on the broker's server.
    cache.clear()
    CaptureThrottle.counts.clear()
    LookupThrottle.counts.clear()
    yield _own_store
    after: Any = _own_store.config_get("*")
    for name in [name for name in before if before[name] != after[name]]:
        _own_store.config_set(name, before[name])
    service.capture.cache_clear()


@pytest.fixture
def ledger(transactional_db: None, store: redis.Redis, settings: Any, tmp_path: Path) -> redis.Redis:
    """An empty ledger with all its shards open; answers a client of its capture store.

    The database commits for real, so that flushes and threads see what they would see at work.
    """
    from ledger import safety, sealed
    from ledger.epochs import make_heads
    from ledger.models import EpochRaise, Head
    from ledger.partitions import make_days_ahead
    from ledger.shards import ALL_SHARDS
    from transactions.stream import head_key

    # What the checkpointer keeps outside the database belongs to this test's log alone.
    settings.LOG_STATE_FILE = str(tmp_path / "log-state.json")
    settings.ARCHIVE_DIR = str(tmp_path / "archive")
    today = clock.utc(clock.now_ms()).date()
    make_days_ahead(today, ahead=DAYS_AHEAD, window=DAYS_BACK)
    make_heads()
    # What ledger.epochs.open_shards does to 64 shards one by one, done at once; tests/integration holds it to that.
    Head.objects.update(announced_epoch=1)
    EpochRaise.objects.bulk_create(
        EpochRaise(
            shard=shard,
            epoch=1,
            reason="first opening",
            raised_at=clock.utc(clock.now_ms()),
            head_epoch=0,
            head_number=0,
        )
        for shard in ALL_SHARDS
    )
    pipeline = store.pipeline(transaction=False)
    for shard in ALL_SHARDS:
        pipeline.hset(head_key(shard), mapping={"number": 0, "started": 0, "epoch": 1})
    pipeline.execute()
    safety._checked_s.clear()
    # A ledger that begins anew has other blocks at the same places.
    sealed._lately.read_s = -sealed.LATELY_S
    return store


@pytest.fixture
def till(ledger: redis.Redis) -> "Till":
    """An enrolled terminal with its token."""
    from tests.factories import make_terminals
    from tests.tills import Till

    return Till(make_terminals()[0])


@pytest.fixture
def rival(ledger: redis.Redis) -> "Till":
    """A terminal of another retailer."""
    from tests.factories import make_retailer, make_store, make_terminals
    from tests.tills import Till

    return Till(make_terminals(make_store(make_retailer("Rival Foods")))[0])


@pytest.fixture
def flush_everything() -> "Callable[[], Flushed]":
    """Flushes all shards until nothing waits."""
    from ledger.flush import flush_all
    from ledger.shards import ALL_SHARDS

    return lambda: flush_all(ALL_SHARDS)
