"""What became of sales that were sent, counted for the metrics, the status page and the admin's first page."""

import re
from collections import Counter
from collections.abc import Sequence

from possys import pulse
from transactions.answers import PROBLEM_TYPE, Accepted, Answer, Problem
from transactions.sale import Sale

SALES = "capture_sales"
REFUSALS = "capture_refusals"
OFFLINE = "capture_offline_sales"
TRAINING = "capture_training_sales"
# What a problem's status means for the sale. Anything else is refused: the till must change something.
OUTCOMES = {401: "denied", 403: "denied", 409: "conflict", 429: "limited", 503: "waiting"}
# Fields that a refusal may be counted under; what a till invents is not, or it could fill the cache with names.
FIELDS = frozenset({*Sale.__struct_fields__, "signature", "sale"})
FIRST_TOKEN = re.compile(r"/([a-z_]+)")


def count(answers: Sequence[Answer], *, offline: int, training: int) -> None:
    """Counts the answers to one call; so many of those accepted were made offline, and in training."""
    outcomes: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for answer in answers:
        if isinstance(answer, Accepted):
            outcomes["replayed" if answer.replayed else "accepted"] += 1
        else:
            outcomes[OUTCOMES.get(answer.status, "refused")] += 1
            reasons[answer.type.removeprefix(PROBLEM_TYPE), _field(answer)] += 1
    for outcome, number in outcomes.items():
        pulse.add(SALES, number, outcome=outcome)
    for (reason, field), number in reasons.items():
        pulse.add(REFUSALS, number, reason=reason, field=field)
    if offline:
        pulse.add(OFFLINE, offline)
    if training:
        pulse.add(TRAINING, training)


def count_denied(reason: str) -> None:
    """Counts a request that was turned away before any of its sales was looked at."""
    pulse.add(REFUSALS, reason=reason, field="")


def _field(problem: Problem) -> str:
    """The first fault's outermost field, if it is one of a sale's."""
    if not isinstance(problem.errors, list) or not problem.errors:
        return ""
    found = FIRST_TOKEN.match(problem.errors[0].pointer)
    return found[1] if found and found[1] in FIELDS else ""
