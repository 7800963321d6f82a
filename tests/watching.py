"""What the alarm rules, the dashboard and the handbook say, taken apart: metrics and labels in PromQL, headings."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml
from django.conf import settings

RULES = settings.BASE_DIR / "deploy" / "prometheus" / "alerts.yml"
SCRAPING = settings.BASE_DIR / "deploy" / "prometheus" / "prometheus.yml"
DASHBOARD = settings.BASE_DIR / "deploy" / "grafana" / "possys.json"
HANDBOOK = settings.BASE_DIR / "docs" / "operations.md"

# Prometheus's own, and the labels that it adds to all of ours.
OWN_METRICS = {"up": set[str](), "ALERTS": {"alertname", "alertstate", "severity"}}
ADDED_LABELS = {"job", "instance"}
SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{([^}]*)\}")
MATCHER = re.compile(r'([a-z_]+)\s*(=~|!=|!~|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
METRIC = re.compile(r"(?<![a-zA-Z0-9_:\"])(?:possys[_:][a-z0-9_:]+|up|ALERTS)(?![a-zA-Z0-9_:(\"])")
NAMED_LABEL = re.compile(r"\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}")


class Rule(NamedTuple):
    """One rule of alerts.yml."""

    name: str
    expr: str
    rest: dict[str, Any]


class Expression(NamedTuple):
    """What an expression asks for: its metrics, labels that stand at one of them, and labels that stand alone."""

    metrics: set[str]
    matched: list[tuple[str, str, str, str]]
    grouped: set[str]


def rules(kind: str) -> list[Rule]:
    """Those that alert, or those that record."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [Rule(rule[kind], rule["expr"], rule) for group in groups for rule in group["rules"] if kind in rule]


def panels() -> list[dict[str, Any]]:
    """The dashboard's, without the rows between them."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def read(expr: str) -> Expression:
    """Takes an expression apart. Raises ValueError when its brackets do not match."""
    without_strings = re.sub(r'"[^"]*"', '""', expr)
    for opening, closing in ("()", "{}", "[]"):
        if without_strings.count(opening) != without_strings.count(closing):
            raise ValueError(f"{opening}{closing} of {expr}")
    matched = [(metric, *matcher) for metric, inside in SELECTOR.findall(expr) for matcher in MATCHER.findall(inside)]
    grouped = {label.strip() for inside in GROUPED.findall(expr) for label in inside.split(",") if label.strip()}
    bare = re.sub(r"\{[^}]*\}", " ", GROUPED.sub(" ", without_strings))
    return Expression(set(METRIC.findall(bare)), matched, grouped)


def anchor_of(heading: str) -> str:
    """As GitHub and GitLab make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Headings of any depth, each with what stands below it up to the next one."""
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)
