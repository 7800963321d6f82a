"""The verifier in the page against the same vectors as possys-verify: both must say the same of each."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.verifiers import proofs, trees
from tests.verifiers.test_possys_verify import REFUSED, is_consistent, root_of, verdict_of
from tests.verifiers.vectors import Vector, vectors

SCRIPT = settings.BASE_DIR / "static" / "js" / "verify.js"
# Flipped files checked in one call of the page.
BATCH = 2000

VERDICTS = """async (vectors) => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const verdicts = [];
  for (const vector of vectors) {
    const report = await PossysVerify.verifyProof(bytes(vector.raw), vector);
    verdicts.push(report.verdict);
  }
  return verdicts;
}"""
ROOTS = """async (vectors) => {
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const roots = [];
  for (const [index, size, leaf, path] of vectors) {
    try {
      roots.push(PossysVerify.hex(await PossysVerify.rootOfPath(bytes(leaf), index, size, path.map(bytes), "path")));
    } catch (fault) {
      if (!(fault instanceof PossysVerify.Refused)) throw fault;
      roots.push("refused");
    }
  }
  return roots;
}"""
CONSISTENT = """async (vectors) => {
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const accepted = [];
  for (const [older, newer, oldRoot, newRoot, path] of vectors) {
    try {
      await PossysVerify.checkConsistency(older, newer, bytes(oldRoot), bytes(newRoot), path.map(bytes));
      accepted.push(true);
    } catch (fault) {
      if (!(fault instanceof PossysVerify.Refused)) throw fault;
      accepted.push(false);
    }
  }
  return accepted;
}"""


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """An empty page from the disk with the verifier in it, and no network."""
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>blank</title>")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(blank.as_uri())
    page.add_script_tag(path=SCRIPT)
    yield page
    context.close()


def in_hex(vector: Any) -> list[Any]:
    """A vector with its hashes in hexadecimal."""
    return [_hex(part) for part in vector]


def _hex(part: Any) -> Any:
    if isinstance(part, list):
        return [_hex(one) for one in part]
    return part.hex() if isinstance(part, bytes) else part


def test_every_vector_has_its_verdict(page: Page) -> None:
    every = vectors()
    verdicts = page.evaluate(VERDICTS, [vector.as_json for vector in every])
    wrong = {
        vector.name: (verdict, vector.verdict)
        for vector, verdict in zip(every, verdicts, strict=True)
        if verdict != vector.verdict
    }
    assert wrong == {}


def test_of_every_flipped_bit_both_verifiers_say_the_same(page: Page) -> None:
    right = Vector("", proofs.maker().raw, "valid")
    shared = {**right.as_json, "raw": ""}
    differing = []
    flipped = list(proofs.flips(right.raw))
    for at in range(0, len(flipped), BATCH):
        batch = flipped[at : at + BATCH]
        verdicts = page.evaluate(
            f"async ([shared, raws]) => ({VERDICTS})(raws.map((raw) => ({{ ...shared, raw }})))",
            [shared, [base64.b64encode(raw).decode() for raw in batch]],
        )
        for raw, verdict in zip(batch, verdicts, strict=True):
            expected = verdict_of(right._replace(raw=raw))
            if verdict != expected or verdict == "valid":
                differing.append((raw, verdict, expected))
    assert differing == []


def test_paths_lead_where_possys_verify_comes_to(page: Page) -> None:
    judged = [one for right in trees.inclusions() for one in (right, *trees.spoiled(right))]
    roots = page.evaluate(ROOTS, [in_hex(vector) for vector in judged])
    for vector, found in zip(judged, roots, strict=True):
        expected = root_of(vector)
        assert found == (expected if isinstance(expected, str) else expected.hex()), vector
    assert REFUSED in roots


def test_consistency_is_judged_as_possys_verify_judges_it(page: Page) -> None:
    judged = [one for right in trees.consistencies() for one in (right, *trees.spoiled_consistency(right))]
    accepted = page.evaluate(CONSISTENT, [in_hex(vector) for vector in judged])
    assert accepted == [is_consistent(vector) for vector in judged]
    assert not all(accepted)
