"""Runs schemathesis against a site that is up, with a scene's credentials, and keeps nothing on the way."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.fuzz.contract.scene import Scene
from tests.openapi import description

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
SCHEMATHESIS = (sys.executable, "-m", "schemathesis.cli")


def run(scene: Scene, url: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Everything that schemathesis said, and its exit code: 0 when it found nothing."""
    document = folder / "openapi.json"
    document.write_text(json.dumps(description()))
    environment = {
        **os.environ,
        "FUZZ_SCENE": json.dumps(scene._asdict()),
        "FUZZ_TILL": scene.tills[0],
        "FUZZ_KEY": scene.keys[0],
        "FUZZ_FEED": scene.feeds[0],
    }
    command = [
        *SCHEMATHESIS, "--config-file", str(CONFIGURATION), "run", str(document), "--url", url, "--no-color",
        *options,
    ]  # fmt: skip
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, errors="replace")


def digest(said: str, width: int = 400) -> str:
    """What it said, without lines as long as the longest body that it sent."""
    return "\n".join(line[:width] for line in said.splitlines())
