"""A till for tests: speaks to the real WSGI application as a till does over HTTP, only without a network."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import RequestFactory

from possys.wsgi import application
from tests.factories import batch_bytes, make_sale, sale_bytes
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.loading import load_terminals
from transactions.models import Terminal, TerminalKey
from transactions.signatures import SALE

ONE = "/api/v1/transactions"
BATCH = "/api/v1/transactions/batch"
JSON = "application/json"


class Response(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)

    @property
    def pointers(self) -> list[str]:
        """What a problem document names as wrong."""
        return [fault["pointer"] for fault in self.json()["errors"]]


def request(method: str, path: str, body: bytes = b"", **meta: str | None) -> Response:
    """One request through the WSGI application; `meta` are WSGI variables, None removes one."""
    environ = RequestFactory().generic(method, path).environ
    environ.update({"CONTENT_TYPE": JSON, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)})
    for name, value in meta.items():
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
    said: list[Any] = []
    chunks = application(environ, lambda status, headers, *_: said.extend((status, headers)))
    try:
        content = b"".join(chunks)
    finally:
        chunks.close()
    return Response(int(said[0].split()[0]), dict(said[1]), content)


@dataclass
class Till:
    """A terminal with its token. Sales that it makes carry its number and the next sequence."""

    terminal: Terminal
    token: str = ""
    sequence: int = field(default=0)
    # By number, the newest last; a till without keys signs nothing.
    keys: list[Ed25519PrivateKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = self.token or mint_terminal_token(self.terminal.number, self.terminal.key_version)

    @property
    def number(self) -> int:
        """The terminal's number."""
        return self.terminal.number

    @property
    def gateway_token(self) -> str:
        """The token of its retailer's gateway."""
        retailer = self.terminal.store.retailer
        return mint_gateway_token(retailer.pk, retailer.gateway_version)

    def sale(self, **changes: Any) -> dict[str, Any]:
        """A right sale of this terminal, with the next sequence unless one is given."""
        self.sequence = changes.setdefault("sequence", self.sequence + 1)
        return make_sale(**{"terminal": self.number, **changes})

    def sales(self, count: int, **changes: Any) -> list[bytes]:
        """So many sales with sequences in a row, as they are sent."""
        return [sale_bytes(self.sale(**changes)) for _ in range(count)]

    def give_key(self, *, known_to_store: bool = True) -> bytes:
        """A new key for this terminal, which signs with it from now on; answers the public half."""
        self.keys.append(Ed25519PrivateKey.generate())
        public = self.keys[-1].public_key().public_bytes_raw()
        TerminalKey.objects.create(terminal=self.terminal, number=len(self.keys), public_key=public)
        Terminal.objects.filter(pk=self.number).update(signing_key=len(self.keys))
        if known_to_store:
            load_terminals([self.terminal])
        return public

    def signed(self, sale: bytes | Mapping[str, Any] | None = None, *, key: int = 0) -> bytes:
        """A signed sale as it is sent, by the newest key or the one of that number."""
        sale = self.sale() if sale is None else sale
        raw = sale if isinstance(sale, bytes) else sale_bytes(sale)
        number = key or len(self.keys)
        value = base64.b64encode(self.keys[number - 1].sign(SALE + raw))
        return b'{"signature":{"key":%d,"value":"%s"},"sale":%s}' % (number, value, raw)

    def send(
        self, sale: bytes | Mapping[str, Any] | None = None, *, token: str | None = None, **meta: str | None
    ) -> Response:
        """Sends one sale (a new one when none is given)."""
        sale = self.sale() if sale is None else sale
        body = sale if isinstance(sale, bytes) else sale_bytes(sale)
        return request("POST", ONE, body, **{"HTTP_AUTHORIZATION": f"Bearer {token or self.token}", **meta})

    def send_batch(
        self, sales: bytes | Iterable[bytes | Mapping[str, Any]], *, token: str | None = None, **meta: str | None
    ) -> Response:
        """Sends a batch, given as its sales or as the bytes of the whole."""
        body = sales if isinstance(sales, bytes) else batch_bytes(sales)
        return request("POST", BATCH, body, **{"HTTP_AUTHORIZATION": f"Bearer {token or self.token}", **meta})

    def ask(self, sequence: int, issued_on: str, *, token: str | None = None) -> Response:
        """Asks what became of a sale whose answer was lost."""
        path = f"{ONE}/{self.number}/{sequence}?issued_on={issued_on}"
        return request("GET", path, HTTP_AUTHORIZATION=f"Bearer {token or self.token}")
