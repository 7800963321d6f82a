"""The standalone script agrees with the server on any draw, and names whatever was tampered with."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from ledger import merkle
from lottery.draws import beacon, drawing, seeds, statements
from lottery.draws.beacon import read_answer
from lottery.draws.rules import CommitRevealSeed, DrandSeed, PrizeRule, Rules, Seed, rules_hash, rules_text
from lottery.draws.transcript import FreezeFacts, Winner, transcript_text
from lottery.tests.factories import BEACON_ANSWER, BEACON_ROUND
from static.lottery import draw as script

PROGRAM = Path(settings.BASE_DIR) / "static" / "lottery" / "draw.py"
RIGHT = "The draw is what it claims to be."
WRONG = "The draw is NOT what it claims to be."
FROZEN_AT = "2023-08-20T12:00:00Z"
LEAF_INDEX = 17
DRAND = DrandSeed(beacon.CHAIN, beacon.PUBLIC_KEY, beacon.GENESIS_S, beacon.PERIOD_S, BEACON_ROUND)
SECRET = sha256(b"secret").digest()
COMMITTED = CommitRevealSeed(seeds.commitment_of(SECRET))
NOTE = "ledger.example/log\n18\n" + "A" * 43 + "=\n\n— ledger.example/log c2lnbmF0dXJl\n"


class Files(NamedTuple):
    """What is published of a draw."""

    transcript: str
    tickets: bytes


def make_rules(prizes: list[int], seed: Seed, number: int = 3) -> Rules:
    """Rules with so many prizes of each rank."""
    return Rules(
        v=1, draw=number, name="Podzimní «1»", first_day="2023-07-01", last_day="2023-07-31",
        entries_until="2023-08-01T00:00:00Z", freezes_at="2023-08-20T11:59:59Z", draws_at="2023-08-23T15:59:24Z",
        claim_days=90, currency="CZK", minimum_total=100, modes=["online"], business_receipts=False, ticket_each=None,
        tickets_a_receipt_max=3, one_a_store_and_day=True, monthly_tickets_max=500, double_methods=[],
        prizes=[PrizeRule(rank, f"Prize {rank}", 100, count) for rank, count in enumerate(prizes, 1)], seed=seed,
    )  # fmt: skip


def held(tickets: list[bytes], rules: Rules) -> Files:
    """A draw as the server's own functions hold it."""
    tickets, text = sorted(tickets), rules_text(rules)
    root, count = merkle.root([merkle.leaf_hash(ticket) for ticket in tickets]), len(tickets)
    if isinstance(rules.seed, DrandSeed):
        answer = read_answer(BEACON_ANSWER)
        seed = seeds.drand_seed(beacon.CHAIN, answer.round, answer.randomness)
        shown: dict[str, Any] = {
            "mode": "drand", "chain": beacon.CHAIN, "public_key": beacon.PUBLIC_KEY, **answer._asdict()
        }  # fmt: skip
    else:
        seed = seeds.commit_reveal_seed(SECRET, NOTE.partition("\n\n")[0] + "\n")
        shown = {
            "mode": "commit-reveal", "commitment": rules.seed.commitment, "secret": SECRET.hex(), "checkpoint": NOTE
        }  # fmt: skip
    ranks = [prize.rank for prize in rules.prizes for _ in range(prize.count)]
    places = drawing.winners(
        seed, draw=rules.draw, rules_hash=rules_hash(text), root=root, count=count, wanted=len(ranks)
    )
    statement = statements.frozen(
        rules.draw, rules_hash=rules_hash(text), count=count, root=root, round_number=shown.get("round"), at=FROZEN_AT
    )
    transcript = transcript_text(
        draw=rules.draw, name=rules.name, rules=text, freeze=FreezeFacts(statement, LEAF_INDEX), seed_evidence=shown,
        seed=seed, winners=[Winner(n, ranks[n], place, tickets[place]) for n, place in enumerate(places)],
    )  # fmt: skip
    return Files(transcript, b"".join(tickets))


def some_tickets(count: int) -> list[bytes]:
    """As the server makes them."""
    return [drawing.ticket_of(3, f"TEST-{number:04d}", 1, bytes(16)) for number in range(count)]


@pytest.fixture
def run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Runs the script's main function on two files."""

    def running(files: Files, *options: str) -> tuple[int, str]:
        (tmp_path / "transcript.json").write_text(files.transcript, encoding="utf-8")
        (tmp_path / "tickets.bin").write_bytes(files.tickets)
        arguments = [str(tmp_path / "transcript.json"), str(tmp_path / "tickets.bin"), *options]
        monkeypatch.setattr(sys, "argv", ["draw.py", *arguments])
        script.faults.clear()
        code = script.main()
        return code, capsys.readouterr().out

    return running


lists = st.integers(1, 60).map(some_tickets)
prize_tables = st.lists(st.integers(1, 20), min_size=1, max_size=4)


@given(tickets=lists, prizes=prize_tables, seed=st.sampled_from([DRAND, COMMITTED]), number=st.integers(1, 10**6))
@how(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=60)
def test_it_agrees_with_the_server_on_any_draw(
    run: Callable[..., tuple[int, str]], tickets: list[bytes], prizes: list[int], seed: Seed, number: int
) -> None:
    code, said = run(held(tickets, make_rules(prizes, seed, number)))
    assert (code, said.splitlines()[-1]) == (0, RIGHT), said


@given(count=st.integers(1, 40), part=st.sampled_from([2, 4, 16]))
@how(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_its_root_is_that_of_the_ledger_in_whatever_parts(
    monkeypatch: pytest.MonkeyPatch, count: int, part: int
) -> None:
    monkeypatch.setattr(script, "PART", part)
    script.faults.clear()
    tickets = sorted(some_tickets(count))
    found = script.root_of(b"".join(tickets))  # type: ignore[arg-type]
    assert found == merkle.root([merkle.leaf_hash(ticket) for ticket in tickets])
    assert script.faults == []


@given(seed=st.binary(min_size=32, max_size=32), count=st.integers(1, 10**9), wanted=st.integers(0, 30))
def test_its_winners_are_those_of_the_server(seed: bytes, count: int, wanted: int) -> None:
    hashed, root = sha256(seed).digest(), sha256(b"root" + seed).digest()
    start = f"possys lottery draw v1\n7\n{hashed.hex()}\n{root.hex()}\n{count}\n"
    expected = drawing.winners(seed, draw=7, rules_hash=hashed, root=root, count=count, wanted=wanted)
    assert script.choose(seed, start, count, wanted) == expected


@pytest.mark.parametrize("seed", [DRAND, COMMITTED])
def test_as_a_program_of_its_own(tmp_path: Path, seed: Seed) -> None:
    files = held(some_tickets(50), make_rules([1, 5], seed))
    (tmp_path / "transcript.json").write_text(files.transcript)
    (tmp_path / "tickets.bin").write_bytes(files.tickets)
    # -I -S: nothing of this project, and no installed package, can be imported.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), "transcript.json", "tickets.bin"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, RIGHT, "")
    assert "signature NOT CHECKED" in done.stdout


def test_the_signature_is_checked_where_the_library_is(run: Callable[..., tuple[int, str]]) -> None:
    _, said = run(held(some_tickets(5), make_rules([1], DRAND)))
    assert "signature checked" in said
    assert "NOT CHECKED" not in said


def test_it_is_short_and_needs_nothing() -> None:
    source = PROGRAM.read_text()
    assert len(source.splitlines()) < 150
    imported = {line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
    ast.parse(source, feature_version=(3, 8))


@pytest.mark.parametrize("place", [0, 3, 9])
def test_one_changed_ticket_changes_the_root(run: Callable[..., tuple[int, str]], place: int) -> None:
    files = held(some_tickets(10), make_rules([1, 2], COMMITTED))
    changed = bytearray(files.tickets)
    changed[place * 32 + 31] ^= 1
    code, said = run(files._replace(tickets=bytes(changed)))
    assert (code, said.splitlines()[-1]) == (1, WRONG)
    assert '"root"' in said


@pytest.mark.parametrize(
    "change",
    [
        lambda listed: listed[32:64] + listed[:32] + listed[64:],
        lambda listed: listed[:64] + listed[32:],
        lambda listed: listed[:-1],
        lambda listed: listed[:-32],
        lambda listed: listed + b"\xff" * 32,
        lambda listed: b"",
    ],
    ids=["out of order", "one twice", "cut within", "one less", "one more", "empty"],
)
def test_a_changed_list_is_named(
    run: Callable[..., tuple[int, str]], change: Callable[[bytes], bytes], request: pytest.FixtureRequest
) -> None:
    files = held(some_tickets(10), make_rules([1, 2], COMMITTED))
    code, said = run(files._replace(tickets=change(files.tickets)))
    assert (code, said.splitlines()[-1]) == (1, WRONG)
    if "order" in request.node.name or "twice" in request.node.name or "within" in request.node.name:
        assert "tickets.bin: not ascending" in said


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of all plain values in a JSON document."""
    if isinstance(value, dict):
        return [found for key, one in value.items() for found in paths_in(one, (*path, key))]
    if isinstance(value, list):
        return [found for number, one in enumerate(value) for found in paths_in(one, (*path, number))]
    return [path]


def tampered(transcript: str, path: tuple[Any, ...]) -> str:
    """The same file with another value in one place, written in the same way."""
    document = json.loads(transcript)
    *way, last = path
    inner = document
    for step in way:
        inner = inner[step]
    was = json.dumps(inner[last])
    old = inner[last]
    if isinstance(old, int):
        inner[last] = old + 1
    elif last == "rules":
        inner[last] = old.replace('"minimum_total":100', '"minimum_total":101')
    elif last == "statement":
        inner[last] = old.replace('"at":"2023', '"at":"2024')
    elif last == "checkpoint":
        inner[last] = old.replace("\n18\n", "\n19\n")
    else:
        inner[last] = ("b" if old[:1] == "a" else "a") + old[1:]
    assert json.dumps(inner[last]) != was
    head = {key: value for key, value in document.items() if key != "winners"}
    lines = ",\n".join(f"    {json.dumps(one)}" for one in document["winners"])
    return json.dumps(head, indent=2).removesuffix("\n}") + f',\n  "winners": [\n{lines}\n  ]\n}}\n'


# What two files cannot show; the log's own proof shows it.
SHOWN_BY_THE_LOG = {("freeze", "leaf_index")}
SEEDS: dict[str, Seed] = {"drand": DRAND, "own": COMMITTED}
EXAMPLES = {name: held(some_tickets(10), make_rules([1, 2], seed)) for name, seed in SEEDS.items()}
PLACES = [
    (name, path)
    for name, files in EXAMPLES.items()
    for path in paths_in(json.loads(files.transcript))
    if path not in SHOWN_BY_THE_LOG
]


@pytest.mark.parametrize(("name", "path"), PLACES, ids=[f"{name}-{'.'.join(map(str, path))}" for name, path in PLACES])
def test_every_tampering_is_named(run: Callable[..., tuple[int, str]], name: str, path: tuple[Any, ...]) -> None:
    files = EXAMPLES[name]
    code, said = run(files._replace(transcript=tampered(files.transcript, path)))
    assert (code, said.splitlines()[-1]) == (1, WRONG)
    assert "DIFFERENT" in said
    # Rules and the freeze's statement are what all else is compared with; a false signature is no point of the curve.
    words = {"rules": "rules_sha256", "statement": '"at"', "signature": "cannot be read"}
    assert words.get(str(path[-1]), str(path[-1])) in said, said


def test_more_or_fewer_winners_and_other_writing_are_named(run: Callable[..., tuple[int, str]]) -> None:
    files = EXAMPLES["own"]
    lines = files.transcript.splitlines(keepends=True)
    fewer = "".join(lines[:-4] + lines[-3:])
    for changed in (
        fewer,
        files.transcript.replace(": ", ":  ", 1),
        files.transcript + "\n",
        files.transcript[:-9],
        "{}",
    ):
        code, said = run(files._replace(transcript=changed))
        assert (code, said.splitlines()[-1]) == (1, WRONG)


def test_a_beacon_of_the_operators_own_is_named(run: Callable[..., tuple[int, str]]) -> None:
    own = DrandSeed("ab" * 32, beacon.PUBLIC_KEY, beacon.GENESIS_S, beacon.PERIOD_S, BEACON_ROUND)
    code, said = run(held(some_tickets(10), make_rules([1], own)))
    assert code == 1
    assert "not drand's quicknet" in said


def test_a_round_that_was_known_at_the_freeze_is_named(run: Callable[..., tuple[int, str]]) -> None:
    late = EXAMPLES["drand"].transcript.replace(FROZEN_AT, "2023-08-23T15:59:24Z")
    code, said = run(EXAMPLES["drand"]._replace(transcript=late))
    assert code == 1
    assert "not after the freeze" in said


def test_a_postponed_round_is_said_and_an_earlier_one_is_named(run: Callable[..., tuple[int, str]]) -> None:
    def bound_to(number: int) -> Rules:
        return make_rules([1], DrandSeed(beacon.CHAIN, beacon.PUBLIC_KEY, beacon.GENESIS_S, beacon.PERIOD_S, number))

    code, said = run(held(some_tickets(10), bound_to(BEACON_ROUND - 5)))
    assert code == 0
    assert "POSTPONED from round 995" in said
    code, said = run(held(some_tickets(10), bound_to(BEACON_ROUND + 5)))
    assert code == 1
    assert "before that of the rules" in said


def test_it_finds_a_ticket_and_what_it_won(run: Callable[..., tuple[int, str]]) -> None:
    files = held(some_tickets(10), make_rules([1], COMMITTED))
    winner = json.loads(files.transcript)["winners"][0]
    code, said = run(files, "--ticket", winner["ticket"])
    assert code == 0
    assert f"place {winner['position'] + 1} of the list" in said
    assert '"prize": 1' in said
    assert "not in the list" in run(files, "--ticket", "ab" * 32)[1]


def test_it_finds_a_receipt_by_its_salt(run: Callable[..., tuple[int, str]]) -> None:
    files = held(some_tickets(10), make_rules([1], COMMITTED))
    _, said = run(files, "--receipt", "TEST-0004", "--salt", bytes(16).hex())
    first, *others = [line for line in said.splitlines() if line.startswith("ticket")]
    assert "of the list" in first
    assert len(others) == 2
    assert all("not in the list" in line for line in others)
    _, said = run(files, "--receipt", "TEST-0004", "--salt", "ff" * 16)
    assert "of the list" not in said


def test_the_example_in_the_documents_is_what_the_server_makes(run: Callable[..., tuple[int, str]]) -> None:
    files = held(some_tickets(3), make_rules([1, 1], DRAND))
    document = (Path(settings.BASE_DIR) / "docs" / "lottery-format.md").read_text()
    assert f"```json\n{files.transcript}```" in document
    assert "\n".join(files.tickets[at : at + 32].hex() for at in range(0, len(files.tickets), 32)) in document
    assert run(files, "--receipt", "TEST-0001", "--salt", "0" * 32)[1] in document
