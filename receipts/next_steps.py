"""What a recorded receipt's page offers beside its own: links that services register from their AppConfig.ready."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.urls import reverse

from receipts.queries import Finding


class NextStep(NamedTuple):
    """A service's page for a receipt: its label (translated when it is shown), its address by the name of a URL that
    takes the link's `ending`, and on which receipts it is offered."""

    label: Any
    url_name: str
    is_offered: Callable[[Finding], bool]


class StepLink(NamedTuple):
    """A step on one page."""

    label: Any
    url: str


_steps: dict[str, NextStep] = {}


def register(step: NextStep) -> None:
    """Offers a service's page; a second step for the same address replaces the first."""
    _steps[step.url_name] = step


def links(finding: Finding) -> list[StepLink]:
    """The links for a receipt that is shown in full."""
    return [
        StepLink(step.label, reverse(step.url_name, kwargs={"ending": finding.ending}))
        for step in _steps.values()
        if step.is_offered(finding)
    ]
