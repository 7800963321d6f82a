"""Why enrolment says no: each refusal with the status and the name of its problem document."""

from transactions.models import Life
from transactions.sale import Fault

# Hurrying does not help a till that has renewed too often.
RENEWAL_WAIT_S = 3600


class Refused(Exception):
    """Nothing was done; `name` ends the problem's type, `errors` name what is wrong by JSON pointer.

    `is_guess` when the code is one that nobody ever issued.
    """

    is_guess = False
    retry_after_s: int | None = None

    def __init__(self, status: int, name: str, title: str, detail: str, errors: list[Fault] | None = None) -> None:
        super().__init__(detail)
        self.status, self.name, self.title, self.detail = status, name, title, detail
        self.errors = errors or []


def malformed(faults: list[Fault], also: Refused | None = None) -> Refused:
    """422: the till must change what it asks; `also` is what its code would have been refused for."""
    faults = faults + (also.errors if also else [])
    said = "; ".join(f"{fault.pointer or 'the body'} {fault.detail}" for fault in faults[:3])
    more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
    refused = Refused(422, "request-refused", "The request was refused", said + more, faults)
    refused.is_guess = also is not None and also.is_guess
    return refused


def _code(status: int, name: str, title: str, fault: str) -> Refused:
    return Refused(status, name, title, f"The enrolment code {fault}.", [Fault("/code", fault)])


def code_unknown() -> Refused:
    """404: no such code was ever issued."""
    refused = _code(404, "code-unknown", "No such enrolment code", "was not issued here")
    refused.is_guess = True
    return refused


def code_used() -> Refused:
    """409: another request was quicker."""
    fault = "was exchanged already: each is good for one till, once; ask for a new one"
    return _code(409, "code-used", "The enrolment code was used", fault)


def code_expired() -> Refused:
    """410: too late, or a newer code was issued."""
    fault = "is too old, or was replaced by a newer one; ask for a new one"
    return _code(410, "code-expired", "The enrolment code has expired", fault)


def code_of_before_the_loss() -> Refused:
    """410: who has found the till may have found the sheet, too."""
    fault = "was issued before the terminal was reported lost; ask for a new one"
    return _code(410, "code-expired", "The enrolment code has expired", fault)


def not_in_life(life: Life) -> Refused:
    """409: the terminal, its store or its retailer is out of service."""
    detail = f"The terminal is {life.label}, by itself or with its store or retailer, so it gets no credential."
    return Refused(409, f"terminal-{life.value}", f"The terminal is {life.label}", detail)


def testing_only() -> Refused:
    """409: a lost till comes back into service, not into a test."""
    return Refused(
        409, "terminal-lost", "The terminal is lost",
        "This code only leads to testing, and a lost terminal comes back by a code that makes it active.",
    )  # fmt: skip


def token_replaced() -> Refused:
    """401: the token was right once."""
    return Refused(
        401, "token-replaced", "The token is no longer valid",
        "A newer token was issued for this terminal; use that, or enrol with a new code.",
    )  # fmt: skip


def no_terminals_token() -> Refused:
    """403: a gateway has no credential of a terminal."""
    return Refused(403, "terminal-token-needed", "A terminal's own token is needed", "A gateway's token is not one.")


def request_superseded() -> Refused:
    """409: what this request got is not good any more."""
    return Refused(
        409,
        "request-superseded",
        "A newer credential was issued since",
        "This request was answered, and its credential replaced since. Choose a new random request.",
    )


def too_many_renewals(most: int) -> Refused:
    """429: the till's program renews and renews."""
    refused = Refused(
        429, "too-many-renewals", "Too many renewals",
        f"A terminal gets at most {most} credentials in 24 hours. Keep the newest one; it works for two years.",
    )  # fmt: skip
    refused.retry_after_s = RENEWAL_WAIT_S
    return refused
