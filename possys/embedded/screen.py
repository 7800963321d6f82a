"""What a run prints: where the site is, how to get in, and that it is alive."""

from datetime import datetime, timedelta
from typing import Any

BAR_WIDTH = 30


def say(text: str) -> None:
    """Print one thing that happened, at once also into a pipe."""
    print(f"  {text}", flush=True)


def welcome(url: str, demo: dict[str, Any]) -> str:
    """Return the addresses, the demo's logins, and how to send a sale from its terminal."""
    return "\n".join(
        [
            "",
            f"  Receipts   {url}/",
            f"  Lottery    {url}/lottery/",
            f"  Retailers  {url}/portal/",
            f"  Admin      {url}/admin/",
            f"  API        {url}/api/docs/",
            "",
            "  Logins for the admin (user, password, role)",
            *_logins(demo["logins"]),
            "",
            "  Logins for retailers",
            *_logins(demo["people"]),
            "",
            f"  Terminal {demo['terminal']} with the token {demo['token']}",
            "  Send a sale:",
            demo["curl"],
            "",
        ]
    )


def _logins(logins: list[dict[str, str]]) -> list[str]:
    return [f"    {login['username']:<14} {login['password']:<22} {login['role']}" for login in logins]


def receipt_line(url: str, code: str, ending: str) -> str:
    """Return the lines that name a receipt to look up: as it is typed, and as its QR code leads to it."""
    return f"\n  A receipt to look up: {code}   {url}/r/{code}\n  The same, scanned:    {url}/{ending}\n"


def alive_line(replay: dict[str, Any], health: dict[str, Any]) -> str:
    """Return sales a second, answer times, backlog and blocks in one line."""
    parts = [f"{datetime.now().astimezone():%H:%M:%S}"]
    if replay:
        parts.append(f"{replay['rate']:,.0f} sales/s")
        parts.append(f"answer {_milliseconds(replay['p50_ms'])}, p99 {_milliseconds(replay['p99_ms'])}")
    if "fault" in health:
        parts.append(f"the ledger does not answer: {health['fault']}")
    else:
        parts.append(f"backlog {health['waiting']:,}")
        parts.append(f"ledger {health['records']:,} sales in {health['blocks']:,} blocks")
        parts.extend(f"shard {shard} is stopped: {reason}" for shard, reason in health["stopped"].items())
    if replay.get("refused"):
        parts.append(f"refused {sum(replay['refused'].values()):,}: {replay['last_problem']}")
    return "   ".join(parts)


def history_line(status: dict[str, Any]) -> str:
    """Return how far the loading of the demo's past is: a bar and the time left, or how it ended."""
    sent, total = status["sent"], status["total"]
    if status["state"] == "finished":
        return f"the past is loaded: {total:,} receipts of real baskets"
    share = sent / total if total else 1
    bar = "#" * int(share * BAR_WIDTH)
    parts = [f"the past   [{bar:-<{BAR_WIDTH}}] {share:4.0%}", f"{status['rate']:,.0f} receipts/s"]
    if status["state"] == "stopped":
        parts.append(f"stopped: {status['problem']}")
    elif status["left_s"] is not None:
        parts.append(f"{timedelta(seconds=status['left_s'])} left")
    return "   ".join(parts)


def _milliseconds(duration_ms: float | None) -> str:
    return "-" if duration_ms is None else f"{duration_ms:.0f} ms"
