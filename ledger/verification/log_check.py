"""Reads the log again: every leaf, node and checkpoint, and whoever outside the database remembers an earlier state."""

from collections.abc import Sequence

from django.db import connections

from ledger.blocks import read_header
from ledger.log import tree
from ledger.log.leaves import KINDS, LeafKind, RemovalLeaf, read_leaf
from ledger.log.models import Checkpoint, LogEntry, LogHead, LogNode
from ledger.log.tiles import HEIGHT, WIDTH
from ledger.merkle import leaf_hash
from ledger.shards import ALL_SHARDS, LOG_DATABASE
from ledger.verification.checkpoints import CheckpointCheck
from ledger.verification.compact import CompactRange
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.notices import check_notices
from ledger.verification.outside import Claim
from ledger.verification.tally import Tally

# Some megabytes of headers; a multiple of a tile.
LEAVES_AT_ONCE = 20 * WIDTH
Leaf = tuple[int, int, int | None, int | None, bytes, bytes]


def check_log(claims: Sequence[Claim], start: int = 0) -> Tally:
    """The log's leaves from `start` on (rounded down to whole nodes), and everything signed of them.

    Before `start` the stored nodes are believed; what was signed later is compared with them all the same.
    """
    check = LogCheck(claims)
    try:
        check.begin(start // WIDTH * WIDTH)
    except tree.LogDamagedError as fault:
        check.note(FaultKind.LOG_NODE_CHANGED, str(fault), None)
        check.begin(0)
    while check.some():
        pass
    check.end()
    return check.tally


class LogCheck:
    """The check of the log as it proceeds, leaf by leaf."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.tally = Tally()
        self.range = CompactRange()
        head = LogHead.objects.using(LOG_DATABASE).filter(id=1).values_list("size", "root").first()
        # The head is read first: what is appended from now on is the next run's.
        self.size, self.root = (0, b"") if head is None else (head[0], bytes(head[1]))
        self.checkpoints = CheckpointCheck(self.tally, claims)
        self.last_block: dict[int, int] = {}
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.first_index = 0

    def note(
        self, kind: FaultKind, text: str, index: int | None, shard: int | None = None, block: int | None = None
    ) -> None:
        """Notes a fault of the log."""
        self.tally.note(Fault(kind, text, shard, block, index=index))

    def begin(self, index: int) -> None:
        """Starts at a leaf, with the subtrees before it out of the stored nodes. Raises LogDamagedError."""
        self.first_index = min(index, self.size // WIDTH * WIDTH)
        self.range = CompactRange()
        if self.first_index:
            self.range.start_at(self.first_index, _subtree)
            self.checkpoints.begin(self.first_index)

    def some(self) -> bool:
        """Reads the next leaves; false when there are no more."""
        first = self.range.size
        if first >= self.size:
            return False
        end = min(first + LEAVES_AT_ONCE, self.size)
        leaves = _leaves(first, end)
        self.nodes = _nodes(first, end)
        self.checkpoints.expect(first, end)
        known = {leaf[0]: leaf for leaf in leaves}
        for index in range(first, end):
            leaf = known.get(index)
            if leaf is None:
                self.note(FaultKind.LOG_GAP, f"is missing, the log's head says {self.size} leaves", index)
            self._take(index, leaf)
        return True

    def end(self) -> None:
        """What can be said when all leaves were read."""
        if self.range.size and self.root != self.range.root():
            self.note(FaultKind.LOG_HEAD_CHANGED, f"the head's root is not that of its {self.size} leaves", None)
        beyond = LogEntry.objects.using(LOG_DATABASE).order_by("-index").values_list("index", flat=True).first()
        head = LogHead.objects.using(LOG_DATABASE).filter(id=1).values_list("size", flat=True).first() or 0
        if beyond is not None and beyond >= head:
            self.note(FaultKind.LOG_HEAD_CHANGED, f"the head says {head} leaves, there is a leaf {beyond}", beyond)
        self.checkpoints.end(self.size)
        self.tally.add(check_notices(self.first_index, self.size))

    def _take(self, index: int, leaf: Leaf | None) -> None:
        # A leaf that is missing has no hash; its kept one would be gone as well.
        own = bytes(32) if leaf is None else leaf_hash(leaf[4])
        if leaf is not None:
            self.tally.leaves += 1
            if own != leaf[5]:
                self.note(
                    FaultKind.LOG_LEAF_CHANGED, "the leaf does not have the hash that was kept for it", *_place(leaf)
                )
            self._check_kind(leaf)
        self.range.append(own)
        for height, found in self.range.completed:
            if height % HEIGHT == 0:
                self._check_node(height // HEIGHT, index >> height, found)
        self.checkpoints.after_leaf(self.range)

    def _check_node(self, level: int, number: int, found: bytes) -> None:
        self.tally.nodes += 1
        kept = self.nodes.get((level, number))
        if kept != found:
            first, last = number << HEIGHT * level, (number + 1 << HEIGHT * level) - 1
            what = "is missing" if kept is None else "is another one"
            self.note(FaultKind.LOG_NODE_CHANGED, f"the hash of leaves {first} to {last} (level {level}) {what}", first)

    def _check_kind(self, leaf: Leaf) -> None:
        """The columns say what the leaf says; blocks of a shard come in order."""
        index, kind, shard, block, raw, _ = leaf
        try:
            if kind == LeafKind.BLOCK:
                header = read_header(raw)
                own = (LeafKind.BLOCK, header.shard, header.block)
            else:
                said = read_leaf(raw)
                concerned = (said.shard, said.block) if isinstance(said, RemovalLeaf) else (None, None)
                own = (KINDS[type(said)], *concerned)
                self.checkpoints.take_leaf(index, said)
        except (ValueError, UnicodeDecodeError) as fault:
            self.note(FaultKind.LOG_LEAF_CHANGED, f"the leaf cannot be read: {fault}", *_place(leaf))
            return
        if own != (kind, shard, block):
            text = f"the columns say {(kind, shard, block)}, the leaf {tuple(own)}"
            self.note(FaultKind.LOG_LEAF_CHANGED, text, *_place(leaf))
        if kind == LeafKind.BLOCK and shard is not None and block is not None:
            before = self.last_block.get(shard, block - 1 if self.first_index else 0)
            if block != before + 1:
                text = f"follows block {before} of its shard: blocks were left out, or stand in another order"
                self.note(FaultKind.LOG_GAP, text, *_place(leaf))
            self.last_block[shard] = block


def _place(leaf: Leaf) -> tuple[int, int | None, int | None]:
    return leaf[0], leaf[2], leaf[3]


def _leaves(first: int, end: int) -> list[Leaf]:
    rows = LogEntry.objects.using(LOG_DATABASE).filter(index__gte=first, index__lt=end).order_by("index")
    columns = rows.values_list("index", "kind", "shard", "block", "leaf", "leaf_hash")
    return [(index, kind, shard, block, bytes(leaf), bytes(kept)) for index, kind, shard, block, leaf, kept in columns]


def _nodes(first: int, end: int) -> dict[tuple[int, int], bytes]:
    """The stored nodes that end with one of these leaves."""
    wanted: dict[int, tuple[int, int]] = {}
    level = 1
    while end >> HEIGHT * level:
        wanted[level] = (first >> HEIGHT * level, end >> HEIGHT * level)
        level += 1
    found: dict[tuple[int, int], bytes] = {}
    for level, (low, high) in wanted.items():
        rows = LogNode.objects.using(LOG_DATABASE).filter(level=level, index__gte=low, index__lt=high)
        found.update({(level, index): bytes(kept) for index, kept in rows.values_list("index", "hash")})
    return found


def _subtree(height: int, index: int) -> bytes:
    """A stored subtree's hash. Raises LogDamagedError."""
    return tree.subtree(index, index + (1 << height))


def logged_blocks() -> dict[int, int]:
    """Each shard's last block in the log, of the shards that have one there: a look into the index for each."""
    with connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute(
            "SELECT shards.shard, last.block FROM unnest(%s::int[]) AS shards (shard), LATERAL (SELECT block "
            "FROM ledger_logentry WHERE kind = %s AND shard = shards.shard ORDER BY block DESC LIMIT 1) AS last",
            [list(ALL_SHARDS), LeafKind.BLOCK.value],
        )
        return dict(cursor.fetchall())


def log_size() -> int:
    """How many leaves the log's head says, or the newest checkpoint when that is more."""
    head = LogHead.objects.using(LOG_DATABASE).filter(id=1).values_list("size", flat=True).first() or 0
    signed = Checkpoint.objects.using(LOG_DATABASE).order_by("-size").values_list("size", flat=True).first() or 0
    return max(head, signed)
