"""A witness beside the local log, so that checkpoints are cosigned as in production; a real one is somebody else's."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from possys.embedded.keys import note_key, public_key
from possys.embedded.ports import HOST, free_port
from possys.embedded.program import Program

PROJECT = Path(__file__).resolve().parents[2]
NAME = "witness"
KEY_NAME = "possys.local/witness"
WITNESS_KIND = 4
STOP_LIMIT_S = 3


class LocalWitness:
    """One witness with its key and memory in the installation's folder; it listens on a free port."""

    def __init__(self, local: Path, log_key: str) -> None:
        self._folder = local / NAME
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._log = local / "log" / f"{NAME}.log"
        self._log_vkey = public_key(log_key)
        self._address = f"{HOST}:{free_port()}"

    def settings(self) -> dict[str, str]:
        """What tells the log of it: it alone is the quorum."""
        return {"WITNESSES": f"{public_key(self._key())} http://{self._address}", "WITNESS_QUORUM": "1"}

    def program(self, environment: Mapping[str, str]) -> Program:
        """The process. It is told nothing of our servers and secrets, which a real one would not have either."""
        command: list[str | Path] = [
            sys.executable, PROJECT / "manage.py", "witness", "--key-file", self._key_file,
            "--state", self._folder / "state.sqlite", "--log", self._log_vkey, "--bind", self._address,
        ]  # fmt: skip
        own = {name: environment[name] for name in ("PATH", "HOME", "LANG") if name in environment}
        return Program(NAME, command, log=self._log, environment={**own, "DEMO": "true"}, stop_limit_s=STOP_LIMIT_S)

    @property
    def _key_file(self) -> Path:
        return self._folder / "key"

    def _key(self) -> str:
        if not self._key_file.exists():
            attempt = self._key_file.with_suffix(".new")
            descriptor = os.open(attempt, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(note_key(KEY_NAME, WITNESS_KIND) + "\n")
            attempt.rename(self._key_file)
        return self._key_file.read_text().strip()
