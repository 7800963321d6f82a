"""axe-core in a page: which rules of WCAG 2.2, levels A and AA, it keeps and which it breaks."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

VENDORED = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
# The levels that the site promises; axe's own recommendations beyond WCAG are left out.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    # WCAG 2.2's 2.5.8, which axe does not look at unless told.
    "rules": {"target-size": {"enabled": True}},
    # It would fetch the style sheets again, which the pages' content security policy rightly stops.
    "preload": False,
    "resultTypes": ["violations", "incomplete"],
}
RUN = "async (options) => await axe.run(document, options)"


@dataclass
class Audit:
    """What axe said of every look at a page in this run of the tests."""

    looks: list[dict[str, Any]] = field(default_factory=list)

    def check(self, page: Page, name: str) -> list[str]:
        """Runs axe on the page as it is shown now; answers a line for each rule that it breaks."""
        if not page.evaluate("typeof axe === 'object'"):
            # Evaluated by the debugger and not put into the page, so that its own policy stays as it is.
            page.evaluate(VENDORED.read_text())
        result = page.evaluate(RUN, OPTIONS)
        broken = [_line(rule, node) for rule in result["violations"] for node in rule["nodes"]]
        self.looks.append(
            {
                "page": name,
                "passed": sorted(rule["id"] for rule in result["passes"]),
                "violations": broken,
                "for people to judge": [_line(rule, node) for rule in result["incomplete"] for node in rule["nodes"]],
            }
        )
        return [f"{name}: {line}" for line in broken]

    def keep(self, path: Path) -> None:
        """Writes everything down, for whoever reads the results of CI."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"axe-core": _version(), "tags": TAGS, "looks": self.looks}, indent=1))

    def summary(self) -> str:
        """How much was looked at and what came out, in one line."""
        rules = {rule for look in self.looks for rule in look["passed"]}
        broken = sum(len(look["violations"]) for look in self.looks)
        undecided = sum(len(look["for people to judge"]) for look in self.looks)
        return (
            f"axe-core {_version()}, WCAG 2.2 A and AA: {len(self.looks)} looks at pages, {len(rules)} rules kept, "
            f"{broken} violations, {undecided} left for people to judge"
        )


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = " ".join(str(node.get("failureSummary", "")).split())
    return f"{rule['id']} at {' '.join(map(str, node['target']))}: {why}"


def _version() -> str:
    return (VENDORED.parent / "VERSION").read_text().split()[1].rstrip(",")
