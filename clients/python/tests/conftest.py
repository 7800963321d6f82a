"""Fixtures of the client's tests: a far side, and a till that is enrolled there."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from far_side import ENROLMENT_CODE, FarSide, far_side
from possys_till import Settings, Till
from possys_till.backoff import Backoff
from settings_of_tests import RULES, Opener

# Quick probes, so that no test waits; and a limit that no answer meets by chance on a busy machine.
QUICK = {"answer_limit_s": 20.0, "backoff": Backoff(first_s=0.02, most_s=0.05), "blocked_look_s": 0.05}


@pytest.fixture
def far() -> Iterator[FarSide]:
    """The server."""
    with far_side() as one:
        yield one


@pytest.fixture
def enrol(far: FarSide, tmp_path: Path) -> Iterator[Opener]:
    """Enrols a till in a folder, or opens it again; `settings` are added to the quick ones."""
    with ExitStack() as opened:

        def open_till(*, again: bool = False, with_key: bool = True, **settings: Any) -> Till:
            chosen = Settings(**{**QUICK, **settings})
            folder = tmp_path / "till"
            if again:
                return opened.enter_context(Till(folder, RULES, settings=chosen))
            made = Till.enrol(far.url, ENROLMENT_CODE, folder, RULES, with_key=with_key, settings=chosen)
            return opened.enter_context(made)

        yield open_till


@pytest.fixture
def till(enrol: Opener) -> Till:
    """An enrolled till with a key."""
    return enrol()
