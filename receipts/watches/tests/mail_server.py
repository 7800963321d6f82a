"""A mail server that keeps what it gets: as much of SMTP (RFC 5321) as a sender needs, on a port of this machine."""

import socketserver
import threading
import time

HOST = "127.0.0.1"


class _Session(socketserver.StreamRequestHandler):
    """One connection; `server` is a MailServer's."""

    def handle(self) -> None:
        owner: MailServer = self.server.owner  # type: ignore[attr-defined]
        self.say("220 test")
        while line := self.rfile.readline():
            verb = line.split()[0].upper().decode() if line.split() else ""
            if verb == "RCPT" and owner.refuse_with:
                self.say(owner.refuse_with)
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(text.removeprefix(b"."))
                time.sleep(owner.takes_s)
                owner.mails.append(b"".join(lines))
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 test")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class MailServer:
    """`mails` are the raw bytes of what came; `refuse_with` is said to every recipient; each mail `takes_s`."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refuse_with = ""
        self.takes_s = 0.0
        self._server: _Server | None = None
        self.address = (HOST, 0)

    def start(self) -> None:
        """Listens, after a stop on the same port as before."""
        self._server = _Server(self.address, _Session)
        self._server.owner = self  # type: ignore[attr-defined]
        self.address = (HOST, self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
