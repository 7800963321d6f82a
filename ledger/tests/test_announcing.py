"""The newest checkpoint reaches the tills' answers, and a store that is away does not hold the checkpointer up."""

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from ledger.log.announcing import publish_to_tills
from ledger.log.checkpoint import encoded
from ledger.log.models import Checkpoint
from possys.clock import now_ms, utc
from tests.tills import Till
from transactions import service
from transactions.stream import CHECKPOINT_KEY

ROOT = bytes(range(224, 256))
CHECKPOINT = Checkpoint(size=1204, root=ROOT, note="", signed_at=utc(now_ms()))


def test_what_is_published_is_named_in_the_answers(till: Till) -> None:
    publish_to_tills(CHECKPOINT)
    assert till.send().headers["Possys-Checkpoint"] == f"1204 {encoded(ROOT)}"


def test_a_store_that_is_away_is_passed_over(store: redis.Redis, caplog: pytest.LogCaptureFixture) -> None:
    away = "redis://127.0.0.1:1/0"
    with override_settings(REDIS_URL=f"{away},{settings.REDIS_URL}"):
        service.stores.cache_clear()
        try:
            publish_to_tills(CHECKPOINT)
        finally:
            service.stores.cache_clear()
    assert "the tills of store 0 do not hear" in caplog.text
    assert store.get(CHECKPOINT_KEY) == f"1204 {encoded(ROOT)}".encode()
