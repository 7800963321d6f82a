"""The append script against a simple model of what it must decide, and the packed state it leaves."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tills import Till
from transactions.states import GAP, SEEN, STATE, SeenSale, TerminalState, read_state
from transactions.stream import (
    APPEND,
    Credential,
    CredentialKind,
    Flag,
    Item,
    Judged,
    Mark,
    NotDurableError,
    Outcome,
    append_command,
    call_scripts,
    head_key,
    pack_item,
    read_entry,
    read_judged,
    stream_key,
    terminals_key,
)

TERMINAL, SHARD = 64, 0
NOW_MS = 1_795_428_000_123
GAPS_MAX, SEEN_MAX, EVIDENCE_MAX = 16, 8, 8
SYSTEM = Credential(CredentialKind.SYSTEM, 0, 0)
# The script's model is tried on one terminal whose store is emptied before each example.
PROPERTY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass
class Model:
    """What DESIGN section 5 says of one terminal, without packing, ranges or Lua."""

    contents: dict[int, str] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    last: int = 0
    floor: int = 0
    conflicts: int = 0
    stream: list[tuple[int, str, Mark]] = field(default_factory=list)

    def gaps(self) -> list[tuple[int, int]]:
        """Runs of sequences above the floor that were not seen, below the last."""
        runs: list[tuple[int, int]] = []
        for sequence in range(self.floor + 1, self.last + 1):
            if sequence in self.contents:
                continue
            if runs and runs[-1][1] == sequence - 1:
                runs[-1] = (runs[-1][0], sequence)
            else:
                runs.append((sequence, sequence))
        return runs

    def judge(self, sequence: int, content: str) -> Outcome:
        """The word on one sale, and its effect."""
        if sequence in self.order[-SEEN_MAX:]:
            if self.remembered(sequence) == content:
                return Outcome.REPLAYED
            self.conflicts += 1
            if self.conflicts > EVIDENCE_MAX:
                return Outcome.CONFLICT_COUNTED
            self.stream.append((sequence, content, Mark.CONFLICT))
            return Outcome.CONFLICT
        below = sequence <= self.floor
        if not below and sequence in self.contents:
            return Outcome.PAST
        self.stream.append((sequence, content, Mark.CHECK if below else Mark.RECORD))
        self.contents[sequence] = content
        self.order.append(sequence)
        self.last = max(self.last, sequence)
        while len(runs := self.gaps()) > GAPS_MAX:
            self.floor = runs[0][1]
        return Outcome.ACCEPTED

    def remembered(self, sequence: int) -> str:
        """The content that the ring holds."""
        return self.contents[sequence]


def item(sequence: int, content: str, flag: Flag = Flag.NONE, *, received_at_ms: int = NOW_MS, day: int = 2500) -> Item:
    return pack_item(
        head=(TERMINAL, sequence, day, NOW_MS - 5000, flag, content.encode().ljust(8, b"\0")),
        received_at_ms=received_at_ms,
        rest=(0, 100, b"0" * 19),
        sale=content.encode(),
    )


def call(
    client: redis.Redis, items: list[Item], credential: Credential = SYSTEM, per_minute: int = 2**31
) -> list[Judged]:
    reply = call_scripts(client, APPEND, [append_command(SHARD, credential, per_minute, items)])[0]
    if isinstance(reply, Exception):
        raise reply
    return read_judged(reply)


def in_stream(client: redis.Redis) -> list[tuple[int, str, Mark]]:
    found: Any = client.xrange(stream_key(SHARD))
    return [
        (record.sequence, sale.decode(), Mark(record.mark))
        for _, fields in found
        for record, sale in read_entry(fields)
    ]


def begin(client: redis.Redis, *, flags: int = 0) -> None:
    """An open shard with one terminal that has sent nothing."""
    client.delete(stream_key(SHARD), terminals_key(SHARD))
    client.hset(head_key(SHARD), mapping={"epoch": 1, "number": 0, "started": 0, "flushed": 0})
    client.hset(terminals_key(SHARD), str(TERMINAL), STATE.pack(7, 9, 0, 1, 1, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0))


sends = st.lists(
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["a", "a", "a", "b"])), min_size=1, max_size=12),
    min_size=1,
    max_size=12,
)


@PROPERTY
@given(calls=sends)
def test_any_order_and_repetition_is_judged_as_the_model_says(
    ledger: redis.Redis, calls: list[list[tuple[int, str]]]
) -> None:
    begin(ledger)
    model = Model()
    for sales in calls:
        expected = [model.judge(*sale) for sale in sales]
        assert [judged.outcome for judged in call(ledger, [item(*sale) for sale in sales])] == expected
        state = read_state(ledger, TERMINAL)
        assert state is not None
        assert (state.last, state.floor, list(state.gaps)) == (model.last, model.floor, model.gaps())
        assert state.conflicts == model.conflicts
    assert in_stream(ledger) == model.stream
    taken = [sequence for sequence, _, mark in in_stream(ledger) if mark == Mark.RECORD]
    assert len(taken) == len(set(taken))


@PROPERTY
@given(order=st.permutations(range(1, 31)), repeats=st.lists(st.integers(0, 29), max_size=20), size=st.integers(1, 10))
def test_every_sale_of_a_backlog_in_any_order_is_in_the_stream(
    ledger: redis.Redis, order: list[int], repeats: list[int], size: int
) -> None:
    begin(ledger)
    sends = [*order, *[order[place] for place in repeats]]
    for at in range(0, len(sends), size):
        call(ledger, [item(sequence, f"s{sequence}") for sequence in sends[at : at + size]])
    kept = [sequence for sequence, _, mark in in_stream(ledger) if mark == Mark.RECORD]
    checked = {sequence for sequence, _, mark in in_stream(ledger) if mark == Mark.CHECK}
    assert len(kept) == len(set(kept))
    assert set(kept) | checked == set(range(1, 31))


@given(
    st.tuples(
        *[st.integers(0, 2**32 - 1)] * 2,
        st.integers(0, 5),
        *[st.integers(0, 2**16 - 1)] * 2,
        *[st.integers(0, 2**32 - 1)] * 2,
        st.integers(0, 2**16 - 1),
    ),
    st.lists(st.tuples(st.integers(1, 2**29), st.integers(1, 2**29)), max_size=16),
    st.dictionaries(
        st.integers(1, 2**29),
        st.tuples(st.binary(min_size=8, max_size=8), st.integers(0, 2**48 - 1), st.integers(0, 16383)),
        max_size=8,
    ),
)
def test_a_state_reads_back_as_it_was_packed(
    static: tuple[int, ...], gaps: list[tuple[int, int]], seen: dict[int, tuple[bytes, int, int]]
) -> None:
    raw = STATE.pack(*static, 1, 2**29 - 1, 17, 5, 6, 7, 8, len(gaps))
    raw += b"".join(GAP.pack(*gap) for gap in gaps)
    raw += b"".join(
        SEEN.pack(sequence, digest, received >> 32, received & 0xFFFFFFFF, day)
        for sequence, (digest, received, day) in seen.items()
    )
    state = TerminalState.unpack(raw)
    assert (state.retailer, state.store, state.status, state.key_version, state.gateway_version) == static[:5]
    assert (state.overlap_until_s, state.gateway_overlap_until_s, state.signing_key) == static[5:]
    assert (state.last, state.floor, state.conflicts) == (2**29 - 1, 17, 8)
    assert state.gaps == tuple(gaps)
    assert state.seen == {sequence: SeenSale(*values) for sequence, values in seen.items()}


def test_the_scripts_state_reads_back(ledger: redis.Redis, till: Till) -> None:
    begin(ledger)
    call(ledger, [item(sequence, f"s{sequence}") for sequence in (3, 1, 9)])
    state = read_state(ledger, TERMINAL)
    assert state is not None
    assert (state.retailer, state.store, state.last, state.gaps) == (7, 9, 9, ((2, 2), (4, 8)))
    assert state.seen[9] == SeenSale(b"s9".ljust(8, b"\0"), NOW_MS, 2500)
    assert list(state.seen) == [3, 1, 9]
    assert [state.has_seen(sequence) for sequence in (1, 2, 3, 4, 9, 10)] == [True, False, True, False, True, False]


def test_the_first_sale_with_an_unknown_past_is_checked_and_becomes_the_floor(ledger: redis.Redis) -> None:
    begin(ledger, flags=1)
    call(ledger, [item(10, "a"), item(5, "b"), item(11, "c"), item(13, "d")])
    assert [(sequence, mark) for sequence, _, mark in in_stream(ledger)] == [
        (10, Mark.CHECK), (5, Mark.CHECK), (11, Mark.RECORD), (13, Mark.RECORD),
    ]  # fmt: skip


def test_what_was_issued_before_the_epoch_is_checked(ledger: redis.Redis) -> None:
    begin(ledger)
    ledger.hset(head_key(SHARD), "started", NOW_MS // 1000)
    call(ledger, [item(1, "a")])
    assert in_stream(ledger) == [(1, "a", Mark.CHECK)]


def test_an_entry_is_named_by_epoch_and_the_number_of_its_last_record(ledger: redis.Redis) -> None:
    begin(ledger)
    call(ledger, [item(1, "a"), item(2, "b")])
    call(ledger, [item(1, "a")])
    call(ledger, [item(3, "c")])
    found: Any = ledger.xrange(stream_key(SHARD))
    assert [raw_id for raw_id, _ in found] == [b"1-2", b"1-3"]
    assert ledger.hget(head_key(SHARD), "number") == b"3"


def test_what_is_taken_and_refused_in_turns_keeps_each_its_own_bytes(ledger: redis.Redis) -> None:
    begin(ledger)
    call(ledger, [item(2, "two")])
    call(
        ledger,
        [
            item(1, "one"),
            item(2, "two"),
            item(3, "three"),
            item(9, "t", Flag.TRAINING),
            item(2, "zwei"),
            item(4, "four"),
        ],
    )
    assert [sale for _, sale, _ in in_stream(ledger)] == ["two", "one", "three", "zwei", "four"]


def test_a_replay_writes_so_that_a_replica_can_be_waited_for(ledger: redis.Redis) -> None:
    begin(ledger)
    call(ledger, [item(1, "a")])
    offset = ledger.info("replication")["master_repl_offset"], ledger.info("persistence")["aof_current_size"]
    assert call(ledger, [item(1, "a")])[0].outcome == Outcome.REPLAYED
    assert (ledger.info("replication")["master_repl_offset"], ledger.info("persistence")["aof_current_size"]) > offset


def test_without_an_epoch_nothing_is_taken(ledger: redis.Redis) -> None:
    begin(ledger)
    ledger.hdel(head_key(SHARD), "epoch")
    with pytest.raises(redis.ResponseError, match="EPOCH"):
        call(ledger, [item(1, "a")])
    assert ledger.xlen(stream_key(SHARD)) == 0


def test_without_enough_replicas_no_call_counts_as_done(ledger: redis.Redis) -> None:
    begin(ledger)
    reply = call_scripts(ledger, APPEND, [append_command(SHARD, SYSTEM, 100, [item(1, "a")])], replicas=1)[0]
    assert isinstance(reply, NotDurableError)


def test_the_day_of_conflicts_starts_their_count_anew(ledger: redis.Redis) -> None:
    begin(ledger)
    call(ledger, [item(1, "a")])
    for day in range(2):
        for number in range(EVIDENCE_MAX + 2):
            outcome = call(ledger, [item(1, f"b{number}", received_at_ms=NOW_MS + day * 86_400_000)])[0].outcome
            assert outcome == (Outcome.CONFLICT if number < EVIDENCE_MAX else Outcome.CONFLICT_COUNTED)
    assert len(in_stream(ledger)) == 1 + 2 * EVIDENCE_MAX
