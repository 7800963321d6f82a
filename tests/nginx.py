"""nginx with deploy/nginx/, its addresses and folders exchanged for a test's own; nothing else of it is changed."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from possys.embedded.ports import free_port, is_free
from tests.production import PROJECT

CONFIGURATION = PROJECT / "deploy" / "nginx"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin:/usr/local/bin")
SITE = "receipts.example"
START_LIMIT_S = 20
# What Debian's own configuration brings, as far as ours counts on it.
WRAPPER = """
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/log/nginx.log;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/possys.conf;
}}
"""


class Nginx:
    """A running nginx: its ports for TLS, clear text and Prometheus, and its access log."""

    def __init__(self, folder: Path, upstream: Path, static: Path) -> None:
        self.folder, self.tls, self.clear, self.watch = folder, free_port(), free_port(), free_port()
        (folder / "log").mkdir(parents=True)
        for name in ("proxy.conf", "headers.conf", "away.html"):
            shutil.copy(CONFIGURATION / name, folder / name)
        make_certificate(folder)
        text = (CONFIGURATION / "possys.conf").read_text()
        for theirs, ours in {
            "/run/possys/web.sock": str(upstream),
            "/var/lib/possys/static/": f"{static}/",
            "/var/log/nginx": str(folder / "log"),
            "/etc/nginx/possys": str(folder),
            "listen 443 ": f"listen 127.0.0.1:{self.tls} ",
            "listen 80 ": f"listen 127.0.0.1:{self.clear} ",
            "listen 127.0.0.1:8900": f"listen 127.0.0.1:{self.watch}",
        }.items():
            assert theirs in text, theirs
            text = text.replace(theirs, ours)
        # A test's machine may have no IPv6.
        lines = [line for line in text.splitlines() if "listen [::]" not in line]
        (folder / "possys.conf").write_text("\n".join(lines) + "\n")
        (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user="root" if is_root() else "nobody"))

    def tested(self) -> str:
        """What `nginx -t` says."""
        ended = subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False)
        return f"{ended.returncode}: {ended.stderr}"

    @property
    def command(self) -> list[str]:
        assert NGINX
        return [NGINX, "-p", f"{self.folder}", "-c", f"{self.folder}/nginx.conf", "-e", f"{self.folder}/log/error"]

    @property
    def log(self) -> str:
        """The access log so far."""
        return (self.folder / "log" / "possys.log").read_text()


def is_root() -> bool:
    return os.geteuid() == 0


def make_certificate(folder: Path) -> None:
    """A certificate of its own for the site's name."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={SITE}", "-addext", f"subjectAltName=DNS:{SITE}",
         "-keyout", str(folder / f"{SITE}.key"), "-out", str(folder / f"{SITE}.crt")],
        check=True, capture_output=True,
    )  # fmt: skip


@contextmanager
def running(nginx: Nginx) -> Iterator[Nginx]:
    """nginx, for as long as the block lasts."""
    process = subprocess.Popen(nginx.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit_s = time.monotonic() + START_LIMIT_S
        while is_free(nginx.tls):
            assert process.poll() is None, (nginx.folder / "log" / "error").read_text()
            assert time.monotonic() < limit_s
            time.sleep(0.05)
        yield nginx
    finally:
        process.terminate()
        process.wait()
