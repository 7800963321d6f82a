"""`make fuzz`: each target for some seconds guided by coverage, then the API against its description.

    make fuzz                                       20 seconds a target, then schemathesis
    make fuzz ARGS="--seconds 300 sale photo"       these targets, five minutes each, and nothing else
    make fuzz ARGS="--api"                          schemathesis alone

What makes a target raise is written to tests/fuzz/found/, and the suite replays it from then on.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
FOUND = FOLDER / "found"
CORPUS = FOLDER.parent.parent / ".local" / "fuzz"
SECONDS = 20
# What a request may hold, with room; photos are decoded by another's code and bring sizes of their own.
LENGTH_MAX = 8192
INPUT_LIMIT_S = 10
MEMORY_MB = 4096


def fuzz(name: str, seconds: int) -> bool:
    """One target from its seeds and what earlier runs found interesting; whether nothing was found."""
    from tests.fuzz.seeds import SEEDS

    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    FOUND.mkdir(exist_ok=True)
    for number, seed in enumerate(SEEDS[name]()):
        (corpus / f"seed-{number}").write_bytes(seed)
    print(f"--- {name}", flush=True)
    command = [
        sys.executable, "-m", "tests.fuzz.coverage", name, str(corpus), f"-dict={FOLDER / 'words.dict'}",
        f"-max_total_time={seconds}", f"-max_len={LENGTH_MAX}", f"-timeout={INPUT_LIMIT_S}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={FOUND / name}-", "-verbosity=0", "-print_final_stats=1",
    ]  # fmt: skip
    done = subprocess.run(
        command, check=False, cwd=FOLDER.parent.parent, capture_output=True, text=True, errors="replace"
    )
    said = [line for line in done.stderr.splitlines() if line.startswith("stat::number_of_executed_units")]
    print("\n".join(said) if done.returncode == 0 else done.stderr[-4000:], flush=True)
    return done.returncode == 0


def ask_the_api(options: list[str]) -> bool:
    """Schemathesis with more examples than the suite has time for; whether it found nothing."""
    test = "tests/fuzz/contract/test_contract.py"
    environment = {**os.environ, "SCHEMATHESIS_OPTIONS": " ".join(options)}
    return (
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-s", test], env=environment, check=False).returncode == 0
    )


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(
        prog="make fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("targets", nargs="*", help="all of them, and the API, where none is named")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--api", action="store_true", help="schemathesis alone")
    parser.add_argument("--examples", type=int, default=100, help="of each operation, for schemathesis")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")
    import django

    django.setup()
    from tests.fuzz.targets import TARGETS

    names = [] if asked.api else asked.targets or list(TARGETS)
    found = [name for name in names if not fuzz(name, asked.seconds)]
    if not asked.targets and not ask_the_api(["--max-examples", str(asked.examples)]):
        found.append("the API")
    print(f"Found something: {', '.join(found)}." if found else "Nothing was found.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
