"""Fixtures of enrolment: what a till has before it is enrolled, and how it asks."""

import base64
import json
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.factories import make_store
from tests.tills import Response, Till, request
from transactions.enrolment import issue_code
from transactions.models import Life, Terminal
from transactions.operations import enrol_terminals
from transactions.signatures import KEY

ENROLMENTS = "/api/v1/enrolments"
CREDENTIALS = "/api/v1/credentials"
TERMINAL = "/api/v1/terminal"
STAFF = "staff anna"


class NewTill:
    """A till's software before it is anything here: it can make a key, and it keeps its request."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.request = secrets.token_hex(16)

    @property
    def public_key(self) -> bytes:
        """The public half of its key."""
        return self.private.public_key().public_bytes_raw()

    def body(self, **changes: Any) -> dict[str, Any]:
        """What it sends without a key; `changes` replace fields or add some."""
        return {"code": "", "request": self.request, "public_key": None, "proof": None, "software": None, **changes}

    def key(self) -> dict[str, str]:
        """The two fields of a new key, for the request that it has now."""
        proof = self.private.sign(KEY + self.request.encode())
        return {"public_key": base64.b64encode(self.public_key).decode(), "proof": base64.b64encode(proof).decode()}

    def enrol(self, code: str, **changes: Any) -> Response:
        """Exchanges a code."""
        return post(ENROLMENTS, self.body(code=code, **changes))

    def renew(self, token: str, **changes: Any) -> Response:
        """Asks for the next credential."""
        body = {"request": self.request, "public_key": None, "proof": None, **changes}
        return post(CREDENTIALS, body, HTTP_AUTHORIZATION=f"Bearer {token}")


def post(path: str, body: Any, **meta: str | None) -> Response:
    """Sends JSON, or the bytes given."""
    return request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), **meta)


def who(token: str) -> Response:
    """Asks for the terminal of a token."""
    return request("GET", TERMINAL, HTTP_AUTHORIZATION=f"Bearer {token}")


def selling(terminal: Terminal, token: str) -> Till:
    """A till that has its token, for sales."""
    return Till(Terminal.objects.get(pk=terminal.pk), token)


@pytest.fixture
def terminal(ledger: Any) -> Terminal:
    """A terminal that is enrolled and has no credential yet."""
    return enrol_terminals(store=make_store(), count=1, status=Life.ENROLLED)[0]


@pytest.fixture
def code(terminal: Terminal) -> str:
    """Its enrolment code."""
    return issue_code(terminal, by=STAFF)


@pytest.fixture
def new_till() -> NewTill:
    """A till's software."""
    return NewTill()
