"""Small files of a replay's state that are replaced whole, so that a reader never sees half of one."""

import json
import os
from pathlib import Path
from typing import Any


def write_json(path: Path, state: Any) -> None:
    """Replaces the file; its folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(state) + "\n")
    fresh.replace(path)
