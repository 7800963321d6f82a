"""Findings on the admin's first page: how many wait of each kind, and those that nobody has taken."""

from typing import NamedTuple

from django.db import connection
from django.urls import reverse

from findings.models import Finding
from findings.pages.texts import words_of
from possys.home import Card, Content, Showing, register

VIEW_FINDINGS = "findings.view_finding"
# Counted by the index of what waits, and no further: after a bad night there are hundreds of thousands.
COUNTED_MAX = 10_000

_COUNT = """
SELECT kind, count(*), count(*) FILTER (WHERE assignee_id IS NULL)
FROM (SELECT kind, assignee_id FROM findings_finding
      WHERE closed_at IS NULL ORDER BY score DESC, began_at, id LIMIT %s) weightiest
GROUP BY kind ORDER BY 2 DESC, kind
"""


class KindRow(NamedTuple):
    """A kind of finding: how many wait, how many of them are nobody's, and its list."""

    name: str
    how_many: str
    nobodys: str
    url: str


def findings_card(showing: Showing) -> Content:
    """What waits, by kind: one query, which reads COUNTED_MAX rows at most."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [COUNTED_MAX])
        counted = cursor.fetchall()
    url = reverse("admin:findings_finding_changelist")
    rows = [
        KindRow(words_of(kind).name, f"{count:,}", f"{nobodys:,}", f"{url}?kind__exact={kind}")
        for kind, count, nobodys in counted
        if kind in Finding.Kind.values
    ]
    total = sum(count for _, count, *_ in counted)
    context = {
        "rows": rows,
        "total": f"{total:,}",
        "url": url,
        "is_more": total >= COUNTED_MAX,
        "most": f"{COUNTED_MAX:,}",
    }
    return Content(context)


def register_cards() -> None:
    """Called once, when the app is ready."""
    register(Card("findings", "Findings that wait", VIEW_FINDINGS, 31, "admin/findings/_card.html", findings_card))
