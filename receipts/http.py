"""How a finding is said in HTTP: its status, how long it may be kept, and what a page may do beyond others."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from csp.constants import SELF
from django.http import HttpResponse

from possys.headers import PERMISSIONS_POLICY
from receipts.queries import RECORDED_STATES, State

P = ParamSpec("P")

# A missing or mistyped code is a bad request; a code without a sale is a page that does not exist.
STATUSES = {
    State.RECORDED: 200,
    State.LATE: 200,
    State.PARTLY_REFUNDED: 200,
    State.REFUNDED: 200,
    State.VOIDED: 200,
    State.ACCEPTED: 200,
    State.DUE: 200,
    State.OVERDUE: 404,
    State.TEST: 200,
    State.MISTYPED: 400,
    State.NOT_GENUINE: 404,
    State.MISSING: 404,
    State.REMOVED: 410,
    State.UNKNOWN: 503,
    # Nothing that a customer can do about it, and trying again does not help.
    State.DAMAGED: 500,
}
# Long enough for going back and forth; short, because a refund may follow a sale within minutes.
RECORDED_KEPT_S = 60
# The page with the field is the same for everybody.
FIND_KEPT_S = 300
# Most outages of the store pass within seconds.
RETRY_AFTER_S = 10

# Where a customer may scan a QR code. A stream and a photo's bitmap are no fetches, so the policy above allows them.
CAMERA_PERMISSIONS_POLICY = PERMISSIONS_POLICY.replace("camera=()", "camera=(self)")


def set_headers(response: HttpResponse, state: State) -> None:
    """The customer's own browser may keep a recorded receipt for a moment; nobody keeps anything else."""
    kept = f"private, max-age={RECORDED_KEPT_S}" if state in RECORDED_STATES else "no-store"
    response["Cache-Control"] = kept
    response["X-Robots-Tag"] = "noindex, nofollow"
    if state is State.UNKNOWN:
        response["Retry-After"] = str(RETRY_AFTER_S)


def let_fetch(response: HttpResponse) -> None:
    """Lets the page's scripts ask this site, and nobody else, for more."""
    vars(response)["_csp_update"] = {"connect-src": [SELF]}


def camera_page(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """A page that may open the camera, if the customer lets it."""

    @wraps(view)
    def with_camera(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response["Permissions-Policy"] = CAMERA_PERMISSIONS_POLICY
        return response

    return with_camera
