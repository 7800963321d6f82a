"""Brings every configured witness up to the newest checkpoint and keeps their cosignatures.

Each witness has a thread of its own, so one that is slow or away delays neither signing nor the others. A cosignature
is kept only after the witness's pinned key has confirmed it. What a witness answers instead stands in its
WitnessContact; an ALARM is logged when that begins, not at every round.
"""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, connections

from ledger.log.models import Checkpoint, Cosignature, WitnessContact
from ledger.log.tree import LogDamagedError, consistency
from ledger.shards import LOG_DATABASE
from ledger.witness.client import AskingEnded, Client, Cosigned, LogContradicted, Prove, WitnessAhead, WitnessFault
from ledger.witness.configured import Witness, configured
from possys.clock import MS_PER_S, now_ms, utc

logger = logging.getLogger(__name__)

# After a fault; a witness that is back is noticed within this.
RETRY_S = 5.0
# How long close() waits for all threads together; what they ask is broken off, so milliseconds are enough.
CLOSE_LIMIT_S = 0.5


class LogUnproven(LogContradicted):
    """Our own tables no longer hold what the proof needs."""


class Collector:
    """One thread a witness. Hand every new checkpoint over after it is committed; close it at the end."""

    def __init__(
        self, prove: Prove = consistency, witnesses: Sequence[Witness] | None = None, *, retry_s: float = RETRY_S
    ) -> None:
        asked = configured() if witnesses is None else witnesses
        self._couriers = [_Courier(witness, prove, retry_s) for witness in asked]
        for courier in self._couriers:
            courier.start()

    def submit(self, checkpoint: Checkpoint) -> None:
        """Asks every witness for this checkpoint, and no longer for an older one. Returns at once."""
        for courier in self._couriers:
            courier.submit(checkpoint)

    def close(self) -> None:
        """Breaks off what is being asked and ends the threads; one that cannot end at once is not waited for."""
        for courier in self._couriers:
            courier.stop()
        until_s = time.monotonic() + CLOSE_LIMIT_S
        for courier in self._couriers:
            courier.join(max(0.0, until_s - time.monotonic()))


class _Courier(threading.Thread):
    """The thread of one witness: at most one question at a time, the newest checkpoint wins."""

    def __init__(self, witness: Witness, prove: Prove, retry_s: float) -> None:
        super().__init__(name=f"witness {witness.verifier.name}", daemon=True)
        self.client = Client(witness)
        self.prove = prove
        self.retry_s = retry_s
        self._changed = threading.Condition()
        self._wanted: Checkpoint | None = None
        self._done_note = ""
        self._ended = threading.Event()

    def submit(self, checkpoint: Checkpoint) -> None:
        with self._changed:
            if checkpoint.note != self._done_note:
                self._wanted = checkpoint
                self._changed.notify()

    def stop(self) -> None:
        self._ended.set()
        self.client.end()
        with self._changed:
            self._changed.notify()

    def run(self) -> None:
        with self.client:
            while (checkpoint := self._next()) is not None:
                if self._is_settled(checkpoint):
                    self._done_note = checkpoint.note
                    continue
                with self._changed:
                    self._wanted = self._wanted or checkpoint
                self._ended.wait(self.retry_s)

    def _next(self) -> Checkpoint | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended.is_set() or self._wanted is not None)
            checkpoint, self._wanted = self._wanted, None
        return None if self._ended.is_set() else checkpoint

    def _is_settled(self, checkpoint: Checkpoint) -> bool:
        name = self.client.witness.verifier.name
        try:
            return bring_up(self.client, checkpoint, self.prove)
        except AskingEnded:
            pass
        except DatabaseError as fault:
            logger.warning("the cosignature of %s waits for the database: %s", name, fault)
        except Exception:
            # The thread must live on: without it this witness would never be asked again.
            logger.exception("ALARM the witness %s could not be asked", name)
        finally:
            connections.close_all()
        return False


def bring_up(client: Client, checkpoint: Checkpoint, prove: Prove) -> bool:
    """Asks one witness, keeps its cosignature or its fault; true when there is nothing left to ask for."""
    name = client.witness.verifier.name
    contact = WitnessContact.objects.using(LOG_DATABASE).filter(name=name).first() or WitnessContact(name=name)
    try:
        cosigned = _cosigned(client, checkpoint, contact.size, prove)
    except WitnessAhead as ahead:
        if _is_overtaken(ahead):
            return True
        _keep_fault(contact, ahead)
    except WitnessFault as fault:
        _keep_fault(contact, fault)
    else:
        _keep(contact, checkpoint, cosigned)
        return True
    return False


def ask_witnesses(prove: Prove = consistency) -> list[tuple[str, str | None]]:
    """Shows every witness the newest checkpoint; answers each one's name and what is wrong, or None. Keeps nothing."""
    newest = _newest()
    witnesses = configured()
    if newest is None or not witnesses:
        return []
    with ThreadPoolExecutor(len(witnesses)) as pool:
        faults = pool.map(lambda witness: _fault_of(witness, newest, prove), witnesses)
        return list(zip([witness.verifier.name for witness in witnesses], faults, strict=True))


def _fault_of(witness: Witness, newest: Checkpoint, prove: Prove) -> str | None:
    try:
        contact = WitnessContact.objects.using(LOG_DATABASE).filter(name=witness.verifier.name).first()
        with Client(witness) as client:
            _cosigned(client, newest, contact.size if contact else 0, prove)
    except WitnessAhead as ahead:
        return None if _is_overtaken(ahead) else str(ahead)
    except WitnessFault as fault:
        return str(fault)
    finally:
        connections.close_all()
    return None


def _cosigned(client: Client, checkpoint: Checkpoint, seen_size: int, prove: Prove) -> Cosigned:
    """Asks from the size that the witness had last, as far as we know. Raises WitnessFault."""
    try:
        return client.cosign(checkpoint.note, old=min(seen_size, checkpoint.size), prove=prove)
    except LogDamagedError as damage:
        raise LogUnproven(f"it cannot be shown that the log only grew: {damage}") from damage


def _newest() -> Checkpoint | None:
    return Checkpoint.objects.using(LOG_DATABASE).order_by("-size").first()


def _is_overtaken(ahead: WitnessAhead) -> bool:
    """Whether the log itself has signed that far meanwhile, so that another process was just quicker."""
    newest = _newest()
    return newest is not None and ahead.size <= newest.size


def _keep(contact: WitnessContact, checkpoint: Checkpoint, cosigned: Cosigned) -> None:
    cosigned_at = utc(cosigned.time_s * MS_PER_S)
    Cosignature.objects.using(LOG_DATABASE).bulk_create(
        [
            Cosignature(
                checkpoint_size=checkpoint.size, witness=contact.name, line=cosigned.line, cosigned_at=cosigned_at
            )
        ],
        ignore_conflicts=True,
    )
    if contact.fault:
        logger.warning("the witness %s cosigns again", contact.name)
    said = {"size": checkpoint.size, "cosigned_at": cosigned_at, "fault": "", "fault_at": None}
    WitnessContact.objects.using(LOG_DATABASE).update_or_create(name=contact.name, defaults=said)


def _keep_fault(contact: WitnessContact, fault: WitnessFault) -> None:
    """Keeps the fault since when its kind began, and alarms then."""
    text = str(fault)
    if text == contact.fault:
        return
    fault_at = contact.fault_at
    if not contact.fault.startswith(f"{fault.head}:"):
        logger.error("ALARM the witness %s %s", contact.name, text)
        fault_at = utc(now_ms())
    WitnessContact.objects.using(LOG_DATABASE).update_or_create(
        name=contact.name, defaults={"fault": text, "fault_at": fault_at}
    )
