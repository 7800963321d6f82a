"""Takes a checkpoint that an outsider kept as what was signed last, when the checkpointer's own file is lost."""

from ledger.log.checkpoint import TreeHead, read_tree_head
from ledger.log.keys import log_keys
from ledger.log.notes import NoteError, read_note
from ledger.log.state import Signed, read_state, state_lock, write_state


class AdoptionError(RuntimeError):
    """The checkpoint cannot stand for what was signed last; the message says why."""


def adopt(note_text: str) -> TreeHead:
    """Sets LOG_STATE_FILE to a checkpoint that one of the log's keys signed; the next signature is held to it.

    Raises AdoptionError, also when the file is there and says as much as the checkpoint.
    """
    try:
        note = read_note(note_text)
        head = read_tree_head(note.text)
        if all(key.verifier.time_s(note) is None for key in log_keys()):
            raise AdoptionError("none of this log's keys signed that checkpoint")
    except NoteError as fault:
        raise AdoptionError(f"that is no checkpoint of this log: {fault}") from fault
    with state_lock():
        kept = read_state()
        if kept is not None and kept.size >= head.size:
            raise AdoptionError(f"LOG_STATE_FILE is there and says {kept.size} leaves, no fewer than that checkpoint")
        write_state(Signed(*head))
    return head
