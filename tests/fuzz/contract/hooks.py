"""What schemathesis cannot know: which numbers and codes there are, and that each request comes from another client."""

import json
import os
from itertools import count, cycle
from typing import Any

import schemathesis
from schemathesis import Case, HookContext

SCENE: dict[str, Any] = json.loads(os.environ["FUZZ_SCENE"])
# Each of the scheme's credentials in turn, for none has the budget of a whole run.
TURNS = {SCENE[kind][0]: cycle(SCENE[kind]) for kind in ("keys", "feeds")} | {
    SCENE["tills"][0]: cycle(SCENE["tills"] + SCENE["gateways"])
}
CLIENTS = count(1)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: Any) -> None:
    """Another client for each request, and another credential where a right one is sent."""
    number = next(CLIENTS)
    # The retailer that there is, where the number of one is asked for.
    if str(case.path_parameters.get("retailer", "")).isdigit():
        case.path_parameters["retailer"] = SCENE["words"]["retailer"][0]
    headers = case.headers
    headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    scheme, _, token = str(headers.get("Authorization", "")).partition(" ")
    if scheme == "Bearer" and token in TURNS:
        headers["Authorization"] = f"Bearer {next(TURNS[token])}"
