"""The rules, the dashboard and the handbook are held to what /metrics exposes, and to each other."""

import re
from collections.abc import Iterator

import pytest
import redis
import yaml
from django.conf import settings
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from possys import metrics, pulse
from tests.scraping import scrape_text, scrape_when
from tests.tills import Till
from tests.watching import (
    ADDED_LABELS,
    HANDBOOK,
    NAMED_LABEL,
    OWN_METRICS,
    RULES,
    SCRAPING,
    anchor_of,
    panels,
    read,
    rules,
    sections,
)

NGINX = settings.BASE_DIR / "deploy" / "nginx" / "possys.conf"
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
# Units that are not Prometheus's base units, as the last word of a name.
NO_UNITS = re.compile(r"_(ms|milliseconds|minutes|hours|days|kb|mb|kilobytes|megabytes|percent|us|microseconds)(_|$)")
# What each section about an alarm must answer.
QUESTIONS = ("**Means.**", "**Not lost.**", "**First.**", "**Do.**", "**Over.**")
# Labels whose values are known beforehand.
FIXED = {"source", "queue", "severity", "outcome", "area"}


@pytest.fixture
def families(ledger: redis.Redis) -> list[Metric]:
    """Everything that a running system tells, as its sources make it."""
    return [family for family in metrics._Sources().collect() if family.name.startswith("possys")]


@pytest.fixture
def exposed(families: list[Metric]) -> dict[str, set[str]]:
    """The labels of each name that a scrape holds."""
    found: dict[str, set[str]] = {}
    for family in families:
        labels = set(getattr(family, "_labelnames"))  # noqa: B009 - its only place
        for suffix in SUFFIXES[family.type]:
            found[family.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression with whose it is."""
    for kind in ("alert", "record"):
        yield from ((rule.name, rule.expr) for rule in rules(kind))
    for panel in panels():
        yield from ((f"panel {panel['title']}", target["expr"]) for target in panel["targets"])


def test_the_exposition_is_read_by_prometheus_and_keeps_its_conventions(families: list[Metric]) -> None:
    text = scrape_text()
    parsed = {family.name: family for family in text_string_to_metric_families(text)}
    names = [family.name for family in families]
    assert len(names) == len(set(names)) > 50
    for family in families:
        assert family.type in SUFFIXES, family.name
        assert family.documentation.endswith("."), f"{family.name}: {family.documentation}"
        assert re.fullmatch(r"possys(_[a-z0-9]+)+", family.name)
        assert not NO_UNITS.search(family.name), family.name
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_gauge", "_counter", "_info_total"))
        assert parsed[family.name].documentation == family.documentation
        assert "le" not in getattr(family, "_labelnames")  # noqa: B009
    assert len(re.findall("^# HELP ", text, re.MULTILINE)) == len(families)


def test_rules_and_dashboard_ask_for_what_is_there(till: Till, exposed: dict[str, set[str]]) -> None:
    known = exposed | OWN_METRICS
    recorded = {rule.name for rule in rules("record")}
    labels = set[str]().union(*known.values()) | ADDED_LABELS
    asked = set()
    for whose, expr in expressions():
        found = read(expr)
        assert found.metrics, whose
        assert found.metrics <= known.keys() | recorded, f"{whose}: {found.metrics - known.keys() - recorded}"
        assert found.grouped <= labels, f"{whose}: {found.grouped - labels}"
        for metric, label, _, _ in found.matched:
            if metric not in recorded:
                assert label in known[metric] | ADDED_LABELS, f"{whose}: {metric} has no {label}"
        asked |= found.metrics
    assert recorded <= asked, "recorded, and asked for by nobody"
    # Whoever adds a metric shows it.
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in exposed.keys() - {"possys_build_info"}} <= {
        re.sub("_(bucket|sum|count)$", "", name) for name in asked | _recorded_from()
    }


def _recorded_from() -> set[str]:
    return set[str]().union(*(read(rule.expr).metrics for rule in rules("record")))


def test_values_of_labels_that_are_asked_for_exist(till: Till) -> None:
    till.send()
    pulse.observe(pulse.REQUEST_SECONDS, 0.1, area="capture")
    found = scrape_when(lambda found: "possys_http_request_duration_seconds_count" in found)
    text = "".join(f" {labels.replace(',', ' ')} " for values in found.values() for labels in values)
    for whose, expr in expressions():
        for metric, label, how, value in read(expr).matched:
            if label in FIXED and how == "=" and metric != "up":
                assert f" {value} " in text, f"{whose}: {label}={value}"


def test_every_alarm_says_who_is_woken_why_and_where_it_is_written() -> None:
    names = [rule.name for rule in rules("alert")]
    assert len(names) == len(set(names))
    for rule in rules("alert"):
        assert re.fullmatch(r"Possys[A-Z][A-Za-z]+", rule.name)
        assert rule.rest["labels"]["severity"] in {"page", "ticket"}
        assert re.fullmatch(r"\d+[smh]", rule.rest["for"])
        summary = rule.rest["annotations"]["summary"]
        assert summary[0].isupper() or summary.startswith("{{")
        assert summary.endswith(".")
        assert rule.rest["annotations"]["runbook_url"] == f"docs/operations.md#{rule.name.lower()}"


def test_summaries_name_labels_that_their_alarm_has(exposed: dict[str, set[str]]) -> None:
    known = exposed | OWN_METRICS
    for rule in rules("alert"):
        found = read(rule.expr)
        own = found.grouped.union(*(known.get(metric, {"store"}) for metric in found.metrics))
        named = set(re.findall(r"\$labels\.([a-z_]+)", rule.rest["annotations"]["summary"]))
        assert named <= own, f"{rule.name}: {named - own}"
    for panel in panels():
        for target in panel["targets"]:
            found = read(target["expr"])
            own = found.grouped.union(*(known.get(metric, {"outcome", "store"}) for metric in found.metrics))
            named = set(NAMED_LABEL.findall(target.get("legendFormat", "")))
            assert named <= own, f"{panel['title']}: {named - own}"


def test_every_alarm_has_its_section_and_every_such_section_its_alarm() -> None:
    text = HANDBOOK.read_text()
    found = {heading: body for heading, body in sections(text) if heading.startswith("Possys")}
    assert {rule.name for rule in rules("alert")} == found.keys()
    for heading, body in found.items():
        at = [body.find(question) for question in QUESTIONS]
        assert -1 not in at, f"{heading} does not say: {[q for q, a in zip(QUESTIONS, at, strict=True) if a < 0]}"
        assert at == sorted(at), heading
        severity = next(rule for rule in rules("alert") if rule.name == heading).rest["labels"]["severity"]
        assert body.strip().startswith(f"*{severity}.*"), f"{heading} is a {severity}"


def test_the_handbook_names_every_metric_and_no_other(exposed: dict[str, set[str]]) -> None:
    text = HANDBOOK.read_text()
    named = set(re.findall(r"\bpossys_[a-z_]+\b", text)) - {"possys_owner", "possys_flush", "possys_log", "possys_web"}
    histograms = {name.removesuffix("_bucket") for name in exposed if name.endswith("_bucket")}
    plain = {name for name in exposed if not re.search("_(bucket|sum|count)$", name)} | histograms
    assert plain <= named, f"the handbook lacks {plain - named}"
    assert named <= plain, f"nobody exposes {named - plain}"


def test_what_the_answers_lead_to_is_in_the_handbook() -> None:
    anchors = {anchor_of(heading) for heading, _ in sections(HANDBOOK.read_text())}
    code = "".join((settings.BASE_DIR / path).read_text() for path in ("possys/health.py", "transactions/readiness.py"))
    asked = set(re.findall(r"\{HANDBOOK\}#([a-z0-9-]+)", code))
    assert len(asked) > 5
    assert asked <= anchors, asked - anchors


def test_the_scrape_that_is_shown_fits_the_rules() -> None:
    shown = yaml.safe_load(SCRAPING.read_text())
    (job,) = shown["scrape_configs"]
    assert f'up{{job="{job["job_name"]}"}}' in RULES.read_text()
    assert job["metrics_path"] == "/metrics"
    (target,) = job["static_configs"][0]["targets"]
    assert f"listen {target};" in NGINX.read_text(), "nginx hands /metrics out at another address"
    assert shown["rule_files"] == ["/etc/prometheus/possys/alerts.yml"]


def test_brackets_and_labels_of_an_expression_are_seen() -> None:
    found = read('sum by (area) (rate(possys_http_requests_total{status=~"5..", area="x"}[5m])) > on (job) up')
    assert found.metrics == {"possys_http_requests_total", "up"}
    assert [(label, value) for _, label, _, value in found.matched] == [("status", "5.."), ("area", "x")]
    assert found.grouped == {"area", "job"}
    with pytest.raises(ValueError, match=r"\(\)"):
        read("sum(rate(possys_http_requests_total[5m])")
