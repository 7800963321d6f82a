"""Text messages to phones, by an operator's gateway over HTTP; in local work each is written into a file.

    SMS_URL=https://gateway.example/messages    POST {"id": ..., "to": "+420...", "text": ...}, bearer token SMS_TOKEN
    SMS_URL=filesms:///folder                   one text file a message
    SMS_URL=                                    no text messages: nobody is offered one

The message's id is sent as Idempotency-Key, too, so that a gateway can tell a second delivery.
"""

import http.client
import json
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from possys.outbox import RefusedError

TIMEOUT_S = 10
# A gateway's answer is not read beyond this; only its beginning is shown to staff.
ANSWER_BYTES_MAX = 2000
FILES = "filesms"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# A 4xx says that this message will never be taken; these say "later", or that our token is wrong, which somebody mends.
LATER = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
)


def is_offered() -> bool:
    """Whether text messages can be sent at all."""
    return bool(settings.SMS_URL)


class Gateway:
    """The channel that SMS_URL names."""

    def __init__(self) -> None:
        self._where = urlsplit(settings.SMS_URL)
        self._line: http.client.HTTPConnection | None = None

    def open(self) -> None:
        """Raises OSError when the gateway cannot be reached."""
        if self._where.scheme == FILES:
            Path(self._where.path).mkdir(parents=True, exist_ok=True)
        elif self._line is None:
            line = _line_to(self._where)
            line.connect()
            self._line = line

    def close(self) -> None:
        """The next message gets a new connection."""
        if self._line is not None:
            line, self._line = self._line, None
            line.close()

    def send(self, message_id: str, to: str, text: str) -> None:
        """Hands a message over. Raises RefusedError when it is for good, OSError when it may pass later."""
        said = {"id": message_id, "to": to, "text": text}
        if self._where.scheme == FILES:
            path = Path(self._where.path) / f"{message_id}.json"
            path.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            return
        self.open()
        try:
            self._post(message_id, json.dumps(said).encode())
        except http.client.HTTPException as fault:
            self.close()
            raise OSError(f"the gateway broke off: {type(fault).__name__}") from fault

    def _post(self, message_id: str, body: bytes) -> None:
        assert self._line is not None
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {settings.SMS_TOKEN}",
            "Idempotency-Key": message_id,
        }
        self._line.request("POST", self._where.path or "/", body, headers)
        answer = self._line.getresponse()
        said = answer.read(ANSWER_BYTES_MAX).decode(errors="replace")
        if answer.read(1):
            self.close()
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        fault = f"the gateway answered {answer.status}: {said}"
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in LATER:
            raise RefusedError(fault)
        # A redirect is no answer either: a token is not taken elsewhere.
        raise OSError(fault)


def _line_to(where: SplitResult) -> http.client.HTTPConnection:
    if where.scheme == "https":
        return http.client.HTTPSConnection(where.hostname or "", where.port, timeout=TIMEOUT_S)
    if where.scheme == "http" and where.hostname in LOOPBACK:
        return http.client.HTTPConnection(where.hostname, where.port, timeout=TIMEOUT_S)
    raise OSError(f"SMS_URL begins with https:// (http:// only on this machine), not with {where.scheme}://")
