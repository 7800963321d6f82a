"""What a till is trusted by: its token and key, in one file of its folder that only its owner can read.

The file is exchanged as a whole and is on disk before the old one is gone, so that a power cut leaves one of both. What
is being asked for (a first or a new credential) is in it, too, with the new private key and the request's name: an
answer that was lost is asked for again under the same name, and the server gives the same credential.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from possys_till.faults import NotEnrolled, StorageError
from possys_till.signing import TillKey

FILE = "till.json"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
# 128 bits in 22 characters; the server takes 16 to 64.
REQUEST_BYTES = 16


@dataclass(frozen=True)
class Pending:
    """A request whose answer is not here yet: its name and the new private key in base64; the code that it gives up."""

    request: str
    private_key: str | None
    code: str | None = None
    url: str | None = None

    @classmethod
    def make(cls, *, with_key: bool, code: str | None = None, url: str | None = None) -> "Pending":
        """A new request."""
        private = base64.b64encode(TillKey.make().private).decode() if with_key else None
        return cls(secrets.token_urlsafe(REQUEST_BYTES), private, code, url)

    @property
    def is_renewal(self) -> bool:
        """Whether it renews a credential; else it exchanges an enrolment code."""
        return self.code is None

    @property
    def asked(self) -> dict[str, Any]:
        """What the server is told of the key."""
        if self.private_key is None:
            return {"request": self.request, "public_key": None, "proof": None}
        key = TillKey(base64.b64decode(self.private_key))
        return {
            "request": self.request,
            "public_key": base64.b64encode(key.public).decode(),
            "proof": key.proof(self.request),
        }


# What the server says of a terminal with each credential.
TOLD = ("status", "expires_on", "retailer", "store", "offline_allowed_hours", "receipts", "last_sequence")


@dataclass(frozen=True)
class Credential:
    """One terminal's token and key, and what the server said with them."""

    url: str
    terminal: int
    token: str
    key_number: int = 0
    private_key: str | None = None
    status: str = "active"
    expires_on: str | None = None
    retailer: Mapping[str, Any] = field(default_factory=dict)
    store: Mapping[str, Any] = field(default_factory=dict)
    offline_allowed_hours: int = 48
    receipts: str = ""
    last_sequence: int = 0

    @cached_property
    def key(self) -> TillKey | None:
        """The key with its number; None for a till without one."""
        if self.private_key is None or not self.key_number:
            return None
        return TillKey(base64.b64decode(self.private_key), self.key_number)

    @classmethod
    def answered(cls, url: str, said: Mapping[str, Any], pending: Pending) -> "Credential":
        """What an enrolment's answer says. Raises KeyError, TypeError or ValueError when it is none."""
        return cls(url, int(said["terminal"]), str(said["token"]), int(said["key"] or 0), pending.private_key).told(
            said
        )

    def told(self, said: Mapping[str, Any]) -> "Credential":
        """With what the server says of the terminal now."""
        changes = {
            name: said[name]
            for name in (
                "status",
                "expires_on",
                "retailer",
                "store",
                "offline_allowed_hours",
                "receipts",
                "last_sequence",
            )
            if said.get(name) is not None
        }
        return replace(self, **changes)

    def renewed(self, said: Mapping[str, Any], pending: Pending) -> "Credential":
        """With a new token, and a new key where one was asked for."""
        changed = replace(self, token=str(said["token"]))
        if said.get("key") and pending.private_key is not None:
            changed = replace(changed, key_number=int(said["key"]), private_key=pending.private_key)
        return changed.told(said)


class CredentialFile:
    """The file in a till's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE
        self.credential: Credential | None = None
        self.pending: Pending | None = None
        try:
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            read = json.loads(self._path.read_bytes()) if self._path.exists() else {}
        except (OSError, ValueError) as fault:
            raise StorageError(f"{self._path} cannot be read: {fault}") from fault
        if read.get("credential"):
            self.credential = Credential(**read["credential"])
        if read.get("pending"):
            self.pending = Pending(**read["pending"])

    def held(self) -> Credential:
        """The credential. Raises NotEnrolled."""
        if self.credential is None:
            raise NotEnrolled(f"{self._path.parent} holds no enrolled till: enrol it with a code first")
        return self.credential

    def keep(self, credential: Credential | None, pending: Pending | None) -> None:
        """Writes both; on disk when this returns. Raises StorageError, and then the old file is still there."""
        content = {
            "credential": None if credential is None else asdict(credential),
            "pending": None if pending is None else asdict(pending),
        }
        new = self._path.with_suffix(".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
            with os.fdopen(descriptor, "w") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as fault:
            raise StorageError(f"{self._path} cannot be written: {fault}") from fault
        self.credential, self.pending = credential, pending


def _sync_folder(folder: Path) -> None:
    """Has the new name on disk; not every system can open a folder, and those that cannot need not."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
