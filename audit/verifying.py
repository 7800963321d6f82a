"""Is every act as it was published? Names the acts that were changed, are missing, or were put in."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from audit.content import Content
from audit.models import Act
from audit.publishing import SERVICE, SUBJECT, Statement, content_of, read_statement
from ledger import merkle
from ledger.log import tree
from ledger.log.checkpoint import read_tree_head
from ledger.log.keys import NoLogKeyError, log_keys, signers
from ledger.log.leaves import LeafKind, NoticeLeaf, leaf_bytes, read_leaf
from ledger.log.models import Checkpoint, LogEntry, Notice
from ledger.log.notes import NoteError, Verifier, read_note
from ledger.log.notices import leaf_of
from ledger.shards import LOG_DATABASE

ROWS_AT_ONCE = 500
# Publications whose way to the signed root is computed, the newest: a path each. Whether the whole log is the signed
# one is verify_ledger's to say.
PROVEN_MAX = 20
# Of each kind; a log that was taken away as a whole has no use for a million lines.
FAULTS_MAX = 1000


class Publication(NamedTuple):
    """A notice of ours: what it says, and its leaf in the log; None while it waits."""

    statement: Statement
    leaf: int | None


@dataclass
class Verdict:
    """What was looked at and what was found."""

    acts: int = 0
    published: int = 0
    publications: int = 0
    waiting: int = 0
    proven: int = 0
    log_size: int = 0
    faults: list[str] = field(default_factory=list)

    def note(self, fault: str) -> None:
        """Keeps a fault."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(fault)

    @property
    def is_well(self) -> bool:
        """Nothing was found."""
        return not self.faults


def verify_acts() -> Verdict:
    """Reads everything: the log's leaves of ours, their notices, the acts; the newest leaves up to a signed root."""
    verdict = Verdict()
    newest: deque[int] = deque(maxlen=PROVEN_MAX)
    acts: _Acts | None = None
    for publication in _publications(verdict):
        # Acts are read after the notices, so that none is published that is not read.
        acts = acts or _numbered(verdict)
        verdict.publications += 1
        if publication.leaf is None:
            verdict.waiting += 1
        else:
            newest.append(publication.leaf)
        _check(publication.statement, acts, verdict)
    _check_unpublished(verdict.published, acts or _numbered(verdict), verdict)
    _prove(newest, verdict)
    return verdict


def _publications(verdict: Verdict) -> Iterator[Publication]:
    """What the log says, in order, then what waits to be said; whatever the notices say else is a fault."""
    # The notices first: one that waits now may be in the log a moment later.
    logged: dict[int, bytes] = {}
    waiting: list[Notice] = []
    notices = Notice.objects.using(LOG_DATABASE).filter(service=SERVICE, subject=SUBJECT).order_by("id")
    for notice in notices.iterator(chunk_size=ROWS_AT_ONCE):
        if notice.index is None:
            waiting.append(notice)
        else:
            logged[notice.index] = merkle.leaf_hash(leaf_bytes(leaf_of(notice)))
    late = {merkle.leaf_hash(leaf_bytes(leaf_of(notice))) for notice in waiting}
    leaves = LogEntry.objects.using(LOG_DATABASE).filter(kind=LeafKind.NOTICE).order_by("index")
    for index, raw in leaves.values_list("index", "leaf").iterator(chunk_size=ROWS_AT_ONCE):
        try:
            leaf = read_leaf(bytes(raw))
        except msgspec.MsgspecError:
            verdict.note(f"leaf {index} of the log cannot be read")
            continue
        if not isinstance(leaf, NoticeLeaf) or (leaf.service, leaf.subject) != (SERVICE, SUBJECT):
            continue
        own = merkle.leaf_hash(bytes(raw))
        said = logged.pop(index, None)
        if said is None and own not in late:
            verdict.note(f"the notice of leaf {index} of the log is missing from its table")
        elif said not in {None, own}:
            verdict.note(f"the notice of leaf {index} of the log says something else than the leaf")
        late.discard(own)
        yield from _read(leaf.statement, index, f"leaf {index} of the log", verdict)
    for index in logged:
        verdict.note(f"a notice says that it is leaf {index} of the log, which is none of ours")
    for notice in waiting:
        if merkle.leaf_hash(leaf_bytes(leaf_of(notice))) in late:
            yield from _read(notice.statement, None, f"notice {notice.pk}", verdict)


def _read(text: str, index: int | None, where: str, verdict: Verdict) -> Iterator[Publication]:
    try:
        yield Publication(read_statement(text), index)
    except msgspec.MsgspecError as fault:
        verdict.note(f"{where} is no publication of acts: {fault}")


class _Acts:
    """The acts in order of their numbers, taken one by one."""

    def __init__(self, rows: Iterator[Content]) -> None:
        self._rows = rows
        self.next = next(rows, None)

    def take(self) -> Content:
        """The next one, which must be there."""
        taken = self.next
        assert taken is not None
        self.next = next(self._rows, None)
        return taken


def _numbered(verdict: Verdict) -> _Acts:
    def rows() -> Iterator[Content]:
        before: datetime | None = None
        for act in Act.objects.order_by("number").iterator(chunk_size=ROWS_AT_ONCE):
            verdict.acts += 1
            if act.number < 1:
                verdict.note(f"act {act.number} was put in: the first one has the number 1")
                continue
            if before is not None and act.at < before:
                verdict.note(f"act {act.number} is dated {act.at.isoformat()}, before the act that it follows")
            before = act.at
            yield content_of(act)

    return _Acts(rows())


def _check(statement: Statement, acts: _Acts, verdict: Verdict) -> None:
    """The acts of one publication."""
    if statement.first != verdict.published + 1:
        if statement.first > verdict.published + 1:
            gap = _span(verdict.published + 1, statement.first - 1)
            verdict.note(f"{gap} missing, and missing already when act {statement.first} was published")
        else:
            verdict.note(f"acts from {statement.first} on were published twice")
            return
    while acts.next is not None and acts.next.number < statement.first:
        verdict.note(f"act {acts.take().number} was put in after its place was published as empty")
    hashes: list[bytes] = []
    is_named = False
    for number in range(statement.first, statement.last + 1):
        if acts.next is None or acts.next.number != number:
            verdict.note(f"act {number} is missing")
            is_named = True
            continue
        own = acts.take().hash
        hashes.append(own)
        if not own.startswith(statement.fingerprint(number)):
            verdict.note(f"act {number} was changed")
            is_named = True
    if not is_named and merkle.root(hashes).hex() != statement.root:
        verdict.note(f"one of acts {statement.first} to {statement.last} was changed, with care for its fingerprint")
    verdict.published = statement.last


def _check_unpublished(published: int, acts: _Acts, verdict: Verdict) -> None:
    """The newest: nothing but their numbers can be held against anything yet."""
    expected = published + 1
    while acts.next is not None:
        number = acts.take().number
        if number != expected:
            verdict.note(f"{_span(expected, number - 1)} missing, or act {number} was put in")
        expected = number + 1


def _span(first: int, last: int) -> str:
    return f"act {first} is" if first == last else f"acts {first} to {last} are"


def _prove(newest: Iterable[int], verdict: Verdict) -> None:
    """The newest leaves of ours lead to the root that the log's key signed."""
    logged = list(newest)
    checkpoint = Checkpoint.objects.using(LOG_DATABASE).order_by("-size").first()
    if checkpoint is None or not logged:
        return
    verdict.log_size = checkpoint.size
    try:
        note = read_note(checkpoint.note)
        head = read_tree_head(note.text)
        if all(key.time_s(note) is None for key in _keys()):
            verdict.note(f"the checkpoint of {checkpoint.size} leaves is not signed by the log's key")
        for index in [one for one in logged if one < head.size]:
            raw = LogEntry.objects.using(LOG_DATABASE).values_list("leaf", flat=True).get(index=index)
            path = tree.inclusion(index, head.size)
            own = merkle.leaf_hash(bytes(raw))
            if merkle.root_of_path(own, index, head.size, path) != head.root:
                verdict.note(f"leaf {index} of the log is not under the signed checkpoint of {head.size} leaves")
            verdict.proven += 1
    except (NoteError, tree.LogDamagedError, merkle.ProofError) as fault:
        verdict.note(f"the log is damaged: {fault}; see verify_ledger")


def _keys() -> list[Verifier]:
    """The log's public keys: this machine's own where it has them, else those that the log names."""
    try:
        return [signer.verifier for signer in signers()]
    except NoLogKeyError:
        return [key.verifier for key in log_keys()]
