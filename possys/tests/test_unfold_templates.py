"""unfold's templates that are written anew: an upgrade that changes an original is noticed."""

import hashlib
from pathlib import Path

import pytest
import unfold

# The originals as they were when ours were made of them (docs/decisions/0026-content-security-policy.md).
ORIGINALS = {
    "unfold/layouts/skeleton.html": "66af9f0bb45f98ba",
    "unfold/helpers/search.html": "91996c27181d14ad",
    "unfold/helpers/command.html": "ae6ce324d8536613",
    "unfold/helpers/welcomemsg.html": "e8eab02522ba2319",
    "admin/actions.html": "b5332aace8e69192",
    "admin/change_list.html": "5885c39760f6085d",
}


@pytest.mark.parametrize(("name", "known"), ORIGINALS.items())
def test_the_original_is_the_one_that_ours_was_made_of(name: str, known: str) -> None:
    original = Path(unfold.__file__).parent / "templates" / name
    assert hashlib.sha256(original.read_bytes()).hexdigest()[:16] == known, f"compare templates/{name} with {original}"
