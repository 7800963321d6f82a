"""A till's own signing key in tests: registered as an enrolment would, signing sales and offline addresses."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.factories import sale_bytes
from tests.tills import Till
from transactions.loading import load_terminals
from transactions.models import TerminalKey
from transactions.signatures import OFFLINE, SALE, fingerprint


@dataclass(frozen=True)
class TillKey:
    """A registered key: `number` is the terminal's own of it."""

    till: Till
    number: int
    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """As the till prints it."""
        return fingerprint(self.public)

    def signed(self, sale: bytes | Mapping[str, Any]) -> bytes:
        """The sale in its envelope, as it is sent."""
        raw = sale if isinstance(sale, bytes) else sale_bytes(sale)
        value = base64.b64encode(self.private.sign(SALE + raw)).decode()
        return b'{"signature":{"key":%d,"value":"%s"},"sale":%s}' % (self.number, value.encode(), raw)

    def address(self, issued: datetime, *, sequence: int = 1, total: int = 5100) -> str:
        """The path in the QR code of an offline receipt, signed."""
        text = f"{self.till.number}.{sequence}.{issued:%y%m%d%H%M}.{total}.{self.number}"
        value = base64.b32encode(self.private.sign(OFFLINE + text.encode())).decode().rstrip("=")
        return f"/O/{text}.{value}"


def give_key(till: Till, number: int = 1) -> TillKey:
    """Registers a new key for the till, which signs with it from now on."""
    private = Ed25519PrivateKey.generate()
    TerminalKey.objects.create(
        terminal=till.terminal, number=number, public_key=private.public_key().public_bytes_raw()
    )
    till.terminal.signing_key = number
    till.terminal.save(update_fields=["signing_key"])
    load_terminals([till.terminal])
    return TillKey(till, number, private)
