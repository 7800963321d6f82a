"""The server's addresses, and ready-made HTTP/1.1 requests for programs that send more than http.client can make."""

ONE_PATH = "/api/v1/transactions"
BATCH_PATH = "/api/v1/transactions/batch"
ENROLMENT_PATH = "/api/v1/enrolments"
CREDENTIAL_PATH = "/api/v1/credentials"
TERMINAL_PATH = "/api/v1/terminal"

HEAD = (
    b"POST %b HTTP/1.1\r\nHost: %b\r\nAuthorization: %b %b\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


def post(path: bytes, body: bytes, *, token: bytes, host: bytes = b"127.0.0.1", scheme: bytes = b"Bearer") -> bytes:
    """A whole request with its body, in about half a microsecond."""
    return HEAD % (path, host, scheme, token, len(body)) + body
