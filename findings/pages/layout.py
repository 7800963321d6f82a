"""The evidence of a finding, laid out by its kind; of a shape that is not known here, as it is kept."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from findings.models import Finding
from findings.pages import counts, identities, times
from findings.pages.parts import Part
from portal.sheets.panels import Column, Kind, Panel

logger = logging.getLogger(__name__)

Laid = Callable[[Finding, Mapping[str, Any], datetime], list[Part]]
LAID: dict[str, Laid] = {
    Finding.Kind.GAP: identities.gap,
    Finding.Kind.CONFLICT: identities.conflict,
    Finding.Kind.SILENT: times.silent,
    Finding.Kind.CLOCK: times.clock,
    Finding.Kind.REFUNDS: counts.refunds,
    Finding.Kind.AFTER_CLOSE: counts.after_close,
    Finding.Kind.UNKNOWN_PRODUCTS: counts.unknown_products,
}
KEPT = (Column("name", "What", Kind.TEXT), Column("value", "Value", Kind.TEXT))


def parts_of(finding: Finding, now: datetime) -> list[Part]:
    """The parts of its evidence, the most telling first."""
    try:
        return LAID[finding.kind](finding, finding.evidence, now)
    except (KeyError, TypeError, ValueError):
        logger.exception("the evidence of finding %s has a shape that no page knows", finding.pk)
        rows = [(name.replace("_", " "), json.dumps(value)) for name, value in sorted(finding.evidence.items())]
        return [Part(Panel("kept", "As it was kept", "", KEPT, list(rows)))]
