"""Signs checkpoints, and refuses what does not continue the last one that it signed."""

from ledger import merkle
from ledger.log.appending import append, new_leaf
from ledger.log.checkpoint import TreeHead
from ledger.log.keys import log_keys, signers
from ledger.log.leaves import FORMAT_VERSION, KeyLeaf
from ledger.log.models import Checkpoint, LogHead
from ledger.log.notes import Signer, written
from ledger.log.state import Signed, read_state, state_lock, write_state
from ledger.log.tail import keep_leaves
from ledger.log.tree import consistency
from ledger.shards import LOG_DATABASE
from possys.clock import iso_utc, now_ms, utc
from possys.failpoints import reach


class RefusedError(RuntimeError):
    """The checkpointer must not sign this; the message says what does not agree with what."""


def name_first_key() -> bool:
    """Makes the log's first leaf, which names its key; whether there was none. Raises NoLogKeyError."""
    head = LogHead.objects.using(LOG_DATABASE).get(id=1)
    if head.size:
        return False
    if read_state() is not None:
        raise RefusedError("the log is empty, but LOG_STATE_FILE says that it was signed before")
    append([new_leaf(KeyLeaf(FORMAT_VERSION, signers()[0].verifier.vkey, None, iso_utc(now_ms())))])
    return True


def sign_newest() -> Checkpoint | None:
    """Signs the log as it is now; None when its newest state is signed already.

    Raises RefusedError when it is not a continuation of what was signed last, StateError and NoLogKeyError.
    """
    with state_lock():
        head = LogHead.objects.using(LOG_DATABASE).get(id=1)
        latest = Checkpoint.objects.using(LOG_DATABASE).order_by("-size").first()
        if head.size == 0 or (latest is not None and latest.size == head.size and _agrees(head)):
            return None
        keys = _current_keys()
        tree_head = TreeHead(keys[0].verifier.name, head.size, bytes(head.root))
        before = _check_continues(tree_head, has_checkpoints=latest is not None)
        # A restored database gets them back from there (ledger/log/refilling.py).
        keep_leaves(before, head.size)
        # Written before anything is signed: after a crash in between, the same may be signed, nothing else.
        write_state(Signed(*tree_head))
        reach("log.before-sign")
        note = written(tree_head.text, [key.sign(tree_head.text).line for key in keys])
        made = Checkpoint.objects.using(LOG_DATABASE).create(
            size=tree_head.size, root=tree_head.root, note=note, signed_at=utc(now_ms())
        )
        reach("log.after-sign")
        return made


def _agrees(head: LogHead) -> bool:
    """Whether the file says that exactly this was signed. Raises RefusedError for anything else."""
    signed = read_state()
    if signed is None or (signed.size, signed.root) != (head.size, bytes(head.root)):
        was = "nothing" if signed is None else f"{signed.size} leaves with root {signed.root.hex()[:16]}…"
        raise RefusedError(
            f"the log has {head.size} leaves with root {bytes(head.root).hex()[:16]}…, LOG_STATE_FILE says that {was} "
            "was signed last"
        )
    return True


def _current_keys() -> list[Signer]:
    """The private keys. Raises RefusedError when the first is not the one that the log names."""
    keys = signers()
    named = log_keys()[0].verifier
    if keys[0].verifier != named:
        raise RefusedError(
            f"the log's key is {named.vkey}, LOG_KEY is another one ({keys[0].verifier.vkey}): "
            "put the right one back, or change it with manage.py log_key --rotate"
        )
    return keys


def _check_continues(new: TreeHead, *, has_checkpoints: bool) -> int:
    """How many leaves were signed last. Raises RefusedError unless they are the beginning of the log's new state."""
    signed = read_state()
    if signed is None:
        if has_checkpoints:
            raise RefusedError(
                "checkpoints were signed, but LOG_STATE_FILE is missing: bring it back, or take a checkpoint that an "
                "outsider kept (manage.py log_state --adopt FILE)"
            )
        signed = Signed(new.origin, 0, merkle.EMPTY_ROOT)
    if signed.origin != new.origin:
        raise RefusedError(f"LOG_STATE_FILE is of another log, {signed.origin}")
    if new.size < signed.size:
        raise RefusedError(
            f"the log has {new.size} leaves, {signed.size} were signed: it was cut, or restored from a backup"
        )
    try:
        # Also reached when nothing was signed yet: then the leaves must have the head's root.
        path = consistency(signed.size, new.size) if signed.size else []
        merkle.check_consistency(signed.size, new.size, signed.root, new.root, path)
    except (merkle.ProofError, RuntimeError) as fault:
        raise RefusedError(f"the log does not continue what was signed at {signed.size} leaves: {fault}") from fault
    return signed.size
