"""The figures as a table and as JSON, with the machine they were measured on."""

import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure
from benchmarks.sizes import Sizes
from possys.embedded.programs import postgres_programs, valkey_program

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "Django",
    "djangorestframework",
    "gunicorn",
    "msgspec",
    "celery",
    "redis",
    "hiredis",
    "psycopg",
    "zstandard",
)
TABLE_WIDTH = 150


def show(figures: list[Figure]) -> None:
    """Prints the table."""
    table = Table(show_lines=False)
    for name, right in (
        ("part", 0),
        ("what", 0),
        ("figure", 1),
        ("unit", 0),
        ("ratio", 1),
        ("to", 0),
        ("target", 0),
        ("", 0),
    ):
        table.add_column(name, justify="right" if right else "left")
    before = ""
    for one in figures:
        verdict = {True: "reached", False: "NOT REACHED", None: ""}[one.reached]
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        part = one.part if one.part != before else ""
        table.add_row(part, one.name, written(one.value), one.unit, ratio, one.against, one.target, verdict)
        before = one.part
    Console(width=max(TABLE_WIDTH, shutil.get_terminal_size().columns)).print(table)


def written(value: float) -> str:
    """A figure with as many digits as it deserves."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def keep(
    figures: list[Figure],
    sizes: Sizes,
    began: datetime,
    local: Path,
    failures: list[str],
    acknowledged: int,
    *,
    is_whole: bool,
) -> Path:
    """Writes the JSON under `local`, a whole full run's also to results/latest.json; answers the first path."""
    content: dict[str, Any] = {
        "began_at": began.isoformat(timespec="seconds"),
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _said("git", "rev-parse", "HEAD"),
        "machine": machine(),
        "sizes": msgspec.to_builtins(sizes),
        "failures": failures,
        "sales_acknowledged": acknowledged,
        "figures": msgspec.to_builtins(figures),
    }
    body = msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"
    path = local / "bench" / f"{began:%Y%m%d-%H%M%S}-{sizes.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    if is_whole and sizes.name == "full" and not failures:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "latest.json").write_bytes(body)
    return path


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "postgresql": _said(str(postgres_programs() / "postgres"), "--version"),
        "store": _said(str(valkey_program()), "--version"),
        **{name.lower(): version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
