"""Holds checkpoints, cosignatures and outside claims against the roots of the leaves as these go by."""

from collections import defaultdict
from collections.abc import Sequence

from ledger.log import tree
from ledger.log.checkpoint import read_tree_head
from ledger.log.keys import NoLogKeyError, signers
from ledger.log.leaves import KeyLeaf, Leaf, LeafKind, read_leaf
from ledger.log.models import Checkpoint, Cosignature, LogEntry, LogHead
from ledger.log.notes import Note, NoteError, Verifier, read_note, read_signature, read_vkey
from ledger.shards import LOG_DATABASE
from ledger.verification.compact import CompactRange
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.outside import Claim, pinned_witnesses
from ledger.verification.tally import Tally

# So many blocks are named of those among which a changed leaf must be.
NAMED_MAX = 4


class CheckpointCheck:
    """The checks of everything that was signed of the log; told of each leaf in order."""

    def __init__(self, tally: Tally, claims: Sequence[Claim]) -> None:
        self.tally = tally
        self.claims: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            self.claims[claim.size].append(claim)
        self.waiting: dict[int, Checkpoint] = {}
        self.cosigned: dict[int, list[Cosignature]] = {}
        self.witnesses = pinned_witnesses()
        # The key in force, and the one before it until a checkpoint shows that it agreed.
        self.key: Verifier | None = None
        self.replaced: Verifier | None = None
        # The last checkpoint and the last claim that agreed: who has the key can make checkpoints agree, not claims.
        self.agreed_checkpoint = 0
        self.agreed_claim = 0

    def begin(self, size: int) -> None:
        """Starts behind `size` leaves: the key in force is the one that the log names there.

        Claims of fewer leaves are compared with the stored nodes. Raises LogDamagedError.
        """
        for claim in [claim for at, claims in self.claims.items() if at <= size for claim in claims]:
            if tree.root_at(claim.size) != claim.root:
                self._note_rewritten(claim)
        leaves = LogEntry.objects.using(LOG_DATABASE).filter(kind=LeafKind.KEY, index__lt=size).order_by("-index")
        raw = leaves.values_list("leaf", flat=True).first()
        if raw is not None:
            self.key = _verifier(bytes(raw))
        self.agreed_checkpoint = size

    def expect(self, first: int, end: int) -> None:
        """Reads what was signed at the sizes from behind `first` to `end`."""
        rows = Checkpoint.objects.using(LOG_DATABASE).filter(size__gt=first, size__lte=end)
        self.waiting = {checkpoint.size: checkpoint for checkpoint in rows}
        self.cosigned = defaultdict(list)
        lines = Cosignature.objects.using(LOG_DATABASE).filter(checkpoint_size__gt=first, checkpoint_size__lte=end)
        for cosignature in lines:
            self.cosigned[cosignature.checkpoint_size].append(cosignature)

    def take_leaf(self, index: int, leaf: Leaf) -> None:
        """A leaf that names a key: it must say which one it replaces."""
        if not isinstance(leaf, KeyLeaf):
            return
        before = None if self.key is None else self.key.vkey
        if leaf.replaces != before:
            text = f"a key replaces {leaf.replaces}, the log's key was {before}"
            self._note(FaultKind.LOG_LEAF_CHANGED, text, index)
        try:
            self.key, self.replaced = read_vkey(leaf.vkey), self.key
        except NoteError as fault:
            self._note(FaultKind.LOG_LEAF_CHANGED, f"the key cannot be read: {fault}", index)

    def after_leaf(self, leaves: CompactRange) -> None:
        """What was signed, or is claimed, of the leaves so far."""
        size = leaves.size
        if size not in self.waiting and size not in self.claims:
            return
        root = leaves.root()
        for claim in self.claims.get(size, ()):
            if claim.root != root:
                self._note_rewritten(claim)
            else:
                self.agreed_claim = size
        checkpoint = self.waiting.get(size)
        if checkpoint is not None:
            self._check(checkpoint, root)

    def end(self, size: int) -> None:
        """What was signed beyond the log's end, and whether its newest key is the one that this machine signs with."""
        for checkpoint in Checkpoint.objects.using(LOG_DATABASE).filter(size__gt=size).order_by("size")[:NAMED_MAX]:
            # A head that moved on meanwhile would cover it.
            if checkpoint.size > _head_size():
                text = f"a checkpoint was signed at {checkpoint.size} leaves, the log has {size}"
                self._note(FaultKind.LOG_CUT, text, size)
        newest = Checkpoint.objects.using(LOG_DATABASE).order_by("-size").values_list("size", flat=True).first() or 0
        for claim in [claim for claims in self.claims.values() for claim in claims]:
            if claim.size > size:
                text = f"the log was cut: {claim.who} signed {claim.size} leaves, there are {size}"
                self._note(FaultKind.LOG_CUT, text, size)
            elif claim.size > newest:
                text = f"{claim.who} signed {claim.size} leaves, the newest checkpoint kept is of {newest}"
                self._note(FaultKind.CHECKPOINT_MISSING, text, None)
        self._check_own_key()

    def _check_own_key(self) -> None:
        try:
            own = signers()[0].verifier
        except NoLogKeyError:
            return
        if self.key is not None and own != self.key:
            text = f"the log names the key {self.key.vkey}, this machine signs with {own.vkey}"
            self._note(FaultKind.CHECKPOINT_SIGNATURE, text, None)

    def _check(self, checkpoint: Checkpoint, root: bytes) -> None:
        size = checkpoint.size
        self.tally.checkpoints += 1
        try:
            note = read_note(checkpoint.note)
            head = read_tree_head(note.text)
        except NoteError as fault:
            self._note(
                FaultKind.CHECKPOINT_SIGNATURE, f"the checkpoint at {size} leaves cannot be read: {fault}", size - 1
            )
            return
        if (head.size, head.root) != (size, bytes(checkpoint.root)):
            self._note(
                FaultKind.CHECKPOINT_ROOT,
                f"the columns of the checkpoint at {size} leaves are not its note's",
                size - 1,
            )
        self._check_signatures(size, note, head.origin)
        if head.root == root:
            self.agreed_checkpoint = size
        else:
            text = f"the checkpoint at {size} leaves has another root than they have"
            suspects = _suspects(self.agreed_checkpoint, size)
            self._note(FaultKind.CHECKPOINT_ROOT, f"{text}: {suspects}", size - 1)
        for cosignature in self.cosigned.get(size, ()):
            self._check_cosignature(cosignature, note)

    def _check_signatures(self, size: int, note: Note, origin: str) -> None:
        """The key in force signed, and at a change of keys also the one before."""
        if self.key is None:
            self._note(FaultKind.CHECKPOINT_SIGNATURE, f"no leaf names a key before the checkpoint at {size}", size - 1)
            return
        for key in (self.key, self.replaced):
            try:
                if key is not None and (key.time_s(note) is None or key.name != origin):
                    text = f"the checkpoint at {size} leaves is not signed by {key.vkey}"
                    self._note(FaultKind.CHECKPOINT_SIGNATURE, text, size - 1)
            except NoteError as fault:
                self._note(FaultKind.CHECKPOINT_SIGNATURE, f"the checkpoint at {size} leaves: {fault}", size - 1)
        self.replaced = None

    def _check_cosignature(self, cosignature: Cosignature, note: Note) -> None:
        witness = self.witnesses.get(cosignature.witness)
        if witness is None:
            return
        self.tally.cosignatures += 1
        size = cosignature.checkpoint_size
        try:
            line = read_signature(cosignature.line)
            if witness.time_s(Note(note.text, (line,))) is None:
                raise NoteError("the line is another key's")
        except NoteError as fault:
            text = f"the cosignature of {cosignature.witness} at {size} leaves does not hold: {fault}"
            self._note(FaultKind.COSIGNATURE_FALSE, text, size - 1)

    def _note_rewritten(self, claim: Claim) -> None:
        text = (
            f"the log was rewritten since {claim.who} signed {claim.size} leaves: these have another root now; "
            f"{_suspects(self.agreed_claim, claim.size)}"
        )
        self._note(FaultKind.LOG_REWRITTEN, text, None)

    def _note(self, kind: FaultKind, text: str, index: int | None) -> None:
        self.tally.note(Fault(kind, text, index=index))


def _suspects(agreed: int, size: int) -> str:
    """Among which leaves the first changed one must be: those behind what still agreed."""
    rows = LogEntry.objects.using(LOG_DATABASE).filter(index__gte=agreed, index__lt=size).order_by("index")
    blocks = [(shard, block) for shard, block in rows.values_list("shard", "block")[: NAMED_MAX + 1] if block]
    text = f"a change is among leaves {agreed} to {size - 1}"
    if not blocks or len(blocks) > NAMED_MAX:
        return text
    return f"{text} ({', '.join(f'shard {shard} block {block}' for shard, block in blocks)})"


def _verifier(raw: bytes) -> Verifier | None:
    try:
        leaf = read_leaf(raw)
        return read_vkey(leaf.vkey) if isinstance(leaf, KeyLeaf) else None
    except (ValueError, NoteError):
        return None


def _head_size() -> int:
    return LogHead.objects.using(LOG_DATABASE).filter(id=1).values_list("size", flat=True).first() or 0
