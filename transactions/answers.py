"""What a till is told: a receipt code, or a problem (RFC 9457) that says what to mend or when to send again."""

from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType

from transactions.sale import Fault

PROBLEM_TYPE = "urn:possys:problem:"
# A till that was told to wait tries again after this long; short, because most causes pass within a second.
RETRY_SOON_S = 1
# After a rebuild or a full store, hurrying does not help.
RETRY_LATER_S = 5


class Warned(Struct, frozen=True, gc=False):
    """Something noticed about a sale that was taken all the same."""

    code: str
    detail: str


class Accepted(Struct, gc=False):
    """The sale is kept. `status` (201, or 200 for one sent again) stands in a batch's items only."""

    code: str
    url: str
    received_at: str
    replayed: bool
    warnings: tuple[Warned, ...] = ()
    status: int | UnsetType = UNSET


class Declared(Struct, frozen=True):
    """An outage that was declared and goes on: `degraded`, `outage` or `emergency`, since when (RFC 3339 in UTC)."""

    kind: str
    began_at: str


class Problem(Struct, frozen=True):
    """The sale is not taken, or it is not known whether it is; `errors` names each fault by JSON pointer.

    The time of a declared `outage` does not count towards the hours that a till may be offline.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | UnsetType = UNSET
    retry_after_s: int | UnsetType = UNSET
    offline_allowed_hours: int | UnsetType = UNSET
    outage: Declared | UnsetType = UNSET


class Offline(NamedTuple):
    """What a till that must wait is told of being offline: for how many hours, and of which outage."""

    hours: int
    outage: Declared | UnsetType = UNSET


def offline_rules(hours: int, outage: str | None) -> Offline:
    """The same of what capture knows; `outage` is `<kind> <began at>` as the store has it."""
    return Offline(hours) if outage is None else Offline(hours, Declared(*outage.split(" ", 1)))


Answer = Accepted | Problem


def refused(faults: list[Fault]) -> Problem:
    """422: the till must change the sale."""
    return Problem(
        f"{PROBLEM_TYPE}sale-refused",
        "The sale was refused",
        422,
        "; ".join(f"{fault.pointer or 'the sale'} {fault.detail}" for fault in faults[:3])
        + (f"; and {len(faults) - 3} more" if len(faults) > 3 else ""),
        errors=faults,
    )


def conflict(terminal: int, sequence: int, received_at: str) -> Problem:
    """409: the identity belongs to another sale."""
    return Problem(
        f"{PROBLEM_TYPE}identity-conflict",
        "Another sale has this terminal and sequence",
        409,
        f"Sequence {sequence} of terminal {terminal} was received at {received_at} with other content. A sale that is "
        "sent again must be the same bytes; a new sale takes the next sequence.",
        errors=[Fault("/sequence", "is already used for another sale")],
    )


def credential_replaced() -> Problem:
    """401: the token was right once."""
    return Problem(
        f"{PROBLEM_TYPE}token-replaced",
        "The token is no longer valid",
        401,
        "A newer token was issued for this terminal or gateway; ask your retailer's administrator for it.",
    )


def too_many(per_minute: int, retry_after_s: int, offline: Offline) -> Problem:
    """429: the terminal's own limit."""
    return Problem(
        f"{PROBLEM_TYPE}too-many-sales",
        "Too many sales",
        429,
        f"A terminal may send {per_minute} sales a minute; nothing of this one was kept. Send it again later.",
        retry_after_s=retry_after_s,
        offline_allowed_hours=offline.hours,
        outage=offline.outage,
    )


def too_many_requests(retry_after_s: int, offline: Offline) -> Problem:
    """429: too many requests for one credential in this process; nothing of them was looked at."""
    return Problem(
        f"{PROBLEM_TYPE}throttled",
        "Throttled",
        429,
        f"Too many requests came with this token. Send again after {retry_after_s} s.",
        retry_after_s=retry_after_s,
        offline_allowed_hours=offline.hours,
        outage=offline.outage,
    )


def send_again(detail: str, *, retry_after_s: int, offline: Offline) -> Problem:
    """503: not known or not possible now; sending exactly the same bytes again is always right."""
    return Problem(
        f"{PROBLEM_TYPE}send-again",
        "Send the sale again",
        503,
        f"{detail} Send exactly the same bytes again; a sale is never counted twice.",
        retry_after_s=retry_after_s,
        offline_allowed_hours=offline.hours,
        outage=offline.outage,
    )
