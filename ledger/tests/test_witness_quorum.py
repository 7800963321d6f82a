"""Which checkpoint is published when some witnesses are late, and with whose lines."""

from collections.abc import Iterator

import pytest

from ledger.log.models import Checkpoint
from ledger.log.notes import WITNESS_KEY, Signer, new_signer, read_note
from ledger.tests.small_log import SmallLog
from ledger.tests.witness_rows import cosigned, setting, signed
from ledger.witness.configured import Witness
from ledger.witness.quorum import (
    QUORUM_PATIENCE_S,
    note_with_cosignatures,
    published_checkpoint,
)

pytestmark = pytest.mark.django_db

LOG = SmallLog()


@pytest.fixture
def pair() -> list[Signer]:
    return [new_signer(f"w{number}.example/1", WITNESS_KEY) for number in range(2)]


@pytest.fixture
def _configured(pair: list[Signer]) -> Iterator[None]:
    with setting(*[Witness(one.verifier, "http://127.0.0.1:1") for one in pair], quorum=2):
        yield


def test_no_checkpoint_is_published_before_there_is_one() -> None:
    assert published_checkpoint() is None


@pytest.mark.usefixtures("_configured")
def test_a_checkpoint_with_its_quorum_is_published_before_a_newer_one_without(pair: list[Signer]) -> None:
    seven, _ = signed(LOG, 7, ago_s=QUORUM_PATIENCE_S - 2), signed(LOG, 9)
    for one in pair:
        cosigned(LOG, 7, one)
    cosigned(LOG, 9, pair[0])
    assert published_checkpoint() == seven
    cosigned(LOG, 9, pair[1])
    assert published_checkpoint() == Checkpoint.objects.get(size=9)


@pytest.mark.usefixtures("_configured")
def test_the_newest_is_published_when_the_quorum_is_too_long_behind(pair: list[Signer]) -> None:
    _, nine = signed(LOG, 7, ago_s=QUORUM_PATIENCE_S + 1), signed(LOG, 9)
    for one in pair:
        cosigned(LOG, 7, one)
    assert published_checkpoint() == nine


@pytest.mark.usefixtures("_configured")
def test_a_proof_gets_a_checkpoint_that_covers_its_leaf(pair: list[Signer]) -> None:
    seven, nine = signed(LOG, 7), signed(LOG, 9)
    for one in pair:
        cosigned(LOG, 7, one)
    assert published_checkpoint(covering=6) == seven
    assert published_checkpoint(covering=7) == nine
    assert published_checkpoint(covering=9) is None


def test_without_a_quorum_the_newest_is_published() -> None:
    signed(LOG, 7)
    nine = signed(LOG, 9)
    assert published_checkpoint() == nine


@pytest.mark.usefixtures("_configured")
def test_the_note_has_the_lines_of_configured_witnesses_only(pair: list[Signer]) -> None:
    checkpoint = signed(LOG, 7)
    cosigned(LOG, 7, pair[0])
    cosigned(LOG, 7, new_signer("gone.example/1", WITNESS_KEY))
    replaced = new_signer("w1.example/1", WITNESS_KEY)
    cosigned(LOG, 7, replaced)
    note = read_note(note_with_cosignatures(checkpoint))
    assert [one.name for one in note.signatures] == [LOG.signer.verifier.name, "w0.example/1"]
    assert pair[0].verifier.time_s(note) is not None
    with setting():
        assert note_with_cosignatures(checkpoint) == checkpoint.note
