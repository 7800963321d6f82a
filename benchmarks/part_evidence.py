"""Evidence: how soon a sale is under a signed checkpoint, and what a proof costs to build, to carry and to check."""

import importlib.util
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from benchmarks.cpu import CpuShares
from benchmarks.delay import SEED, signed_delays_s
from benchmarks.figures import Figure, at_most, figure, percentile
from benchmarks.load import LoadError
from benchmarks.part_path import Traffic, drained, wait_for_workers
from benchmarks.run import Run
from ledger.blocks import Place
from ledger.log.keys import public_keys
from ledger.models import Checkpoint, Entry, LogHead
from ledger.proof_file import ProofFile, proof_bytes
from ledger.proofs import find_proof
from ledger.queries import Recorded, recorded_at

PART = "evidence"
# The issue asks for a checkpoint at least every 5 seconds; what is acknowledged must be sealed before.
SIGNED_S_MAX = 5
# About so much beside the record itself.
PROOF_BYTES_MAX = 2500
SIGN_LIMIT_S = 60.0
LOOK_S = 0.25


def measure(run: Run) -> list[Figure]:
    """The delay at a fixed rate, then proofs of sales out of what that left behind."""
    with run.site.workers():
        wait_for_workers(run)
        held = [_hold(run) for _ in range(run.sizes.rounds)]
    delays = [delays for _, delays in held]
    name = f"at {run.sizes.signed_rate:,} sales/s"
    taken = [round(rate) for rate, _ in held]
    note = f"from received_at to signed_at of the first checkpoint that covers it; taken {taken}/s"
    p50, p99 = ([percentile(one, share) for one in delays] for share in (0.5, 0.99))
    return [
        figure(PART, f"delay to a signed checkpoint p50 {name}", p50, "s", note=note),
        at_most(figure(PART, f"delay to a signed checkpoint p99 {name}", p99, "s", note=note), SIGNED_S_MAX),
        *_proof_figures(run),
    ]


def _hold(run: Run) -> tuple[float, list[float]]:
    """Sales taken a second, and the delays, over one hold."""
    with Traffic(run, run.sizes.signed_rate) as traffic:
        time.sleep(1.0)
        cpu = CpuShares(run.site.processes())
        began_s, begun = time.time(), traffic.board.acknowledged
        time.sleep(run.sizes.delay_s)
        ended_s, took = time.time(), traffic.board.acknowledged - begun
        run.say(f"processor time {cpu.shares()}")
    drained(run)
    all_signed()
    run.check_ledger()
    return took / (ended_s - began_s), signed_delays_s(began_s, ended_s)


def all_signed() -> None:
    """Waits until the newest leaf is signed and every block is a leaf. Raises LoadError when that does not come."""
    limit_s = time.monotonic() + SIGN_LIMIT_S
    # Blocks that were sealed just now become leaves within a round.
    time.sleep(2.0)
    while not Checkpoint.objects.filter(size=LogHead.objects.get().size).exists():
        if time.monotonic() > limit_s:
            raise LoadError(f"the log is not signed after {SIGN_LIMIT_S:.0f} s: {LogHead.objects.get().fault}")
        time.sleep(LOOK_S)


def _proof_figures(run: Run) -> list[Figure]:
    chance = random.Random(SEED)
    newest = list(Entry.objects.order_by("-issued_on", "-identity")[: run.sizes.proofs * 5])
    chosen = chance.sample(newest, min(len(newest), run.sizes.proofs))
    verifier = _load_verifier()
    key = verifier.read_key(public_keys()[0], verifier.LOG_KEY)
    build_ms, check_ms, extra, whole = [], [], [], []
    for entry in chosen:
        place = Place(str(entry.sealed_on), entry.block, entry.position)
        took_ms, proof = _timed_ms(lambda: _prove(entry.shard, place))  # noqa: B023 - called at once
        raw = proof_bytes(proof)
        build_ms.append(took_ms)
        check_ms.append(_timed_ms(lambda: verifier.verify_proof(raw, [key], [], 0, None))[0])  # noqa: B023
        whole.append(len(raw))
        extra.append(len(raw) - len(proof.record.encode()))
    note = f"{len(chosen)} proofs in a log of {LogHead.objects.get().size:,} leaves"
    beside = figure(PART, "a proof beside its record", [percentile(extra, 0.5)], "bytes", note=note)
    return [
        figure(PART, "a proof, built (p50)", [percentile(build_ms, 0.5)], "ms", note=note),
        figure(PART, "a proof, built (p99)", [percentile(build_ms, 0.99)], "ms", note=note),
        figure(PART, "a proof, checked by possys_verify (p50)", [percentile(check_ms, 0.5)], "ms", note=note),
        at_most(beside, PROOF_BYTES_MAX),
        figure(PART, "a proof file whole", [percentile(whole, 0.5)], "bytes", note=note),
    ]


def _prove(shard: int, place: Place) -> ProofFile:
    recorded = recorded_at(shard, place)
    proof = find_proof(recorded) if isinstance(recorded, Recorded) else None
    if proof is None:
        raise LoadError(f"there is no proof of {place} in shard {shard}")
    return proof


def _timed_ms(call: Callable[[], Any]) -> tuple[float, Any]:
    began_s = time.perf_counter()
    found = call()
    return (time.perf_counter() - began_s) * 1000, found


def _load_verifier() -> Any:
    """The program that outsiders run, as it is served."""
    path = Path(settings.BASE_DIR) / "static" / "verify" / "possys_verify.py"
    spec = importlib.util.spec_from_file_location("possys_verify", path)
    if spec is None or spec.loader is None:
        raise LoadError(f"{path} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
