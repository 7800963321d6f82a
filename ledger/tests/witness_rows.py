"""Rows and settings for the tests of witnesses."""

from datetime import timedelta

from django.test import override_settings

from ledger.log.models import Checkpoint, Cosignature
from ledger.log.notes import Signer
from ledger.tests.small_log import SmallLog
from ledger.witness.configured import Witness
from possys.clock import now_ms, utc
from tests.tampering import triggers_off


def signed(log: SmallLog, size: int, *, ago_s: float = 0.0) -> Checkpoint:
    """A checkpoint of the log, signed so long ago."""
    return Checkpoint.objects.create(
        size=size,
        root=log.head(size).root,
        note=log.note(size),
        signed_at=utc(now_ms()) - timedelta(seconds=ago_s),
    )


def cosigned(log: SmallLog, size: int, signer: Signer) -> Cosignature:
    """The witness's line below the checkpoint of that size."""
    return Cosignature.objects.create(
        checkpoint_size=size,
        witness=signer.verifier.name,
        line=signer.sign(log.head(size).text, now_ms() // 1000).line,
        cosigned_at=utc(now_ms()),
    )


def setting(*witnesses: Witness, quorum: int = 0) -> override_settings:
    """These witnesses and no others."""
    entries = [f"{one.verifier.vkey} {one.url}" for one in witnesses]
    return override_settings(WITNESSES=entries, WITNESS_QUORUM=quorum)


def forget_checkpoints(*, above: int) -> None:
    """As whoever has the database would, so that the log looks shorter."""
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_checkpoint WHERE size > %s", [above])
