"""Says at start-up when forecasts could not be made on this machine."""

import ctypes.util
from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning, register


@register()
def check_openmp(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """LightGBM needs OpenMP of the system, which no Python package of ours brings."""
    if ctypes.util.find_library("gomp"):
        return []
    return [
        Warning(
            "The system has no libgomp: forecasts of retailers with more than twelve weeks of sales will fail.",
            hint="Debian and Ubuntu: apt-get install libgomp1.",
            id="possys.W006",
        )
    ]
