"""The list of files of tills that a retailer's people uploaded."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fleet.models import Import
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel

IMPORTS = (
    Column("name", "File", Kind.TEXT),
    Column("created_at", "Uploaded", Kind.MOMENT),
    Column("state", "State", Kind.TEXT),
    Column("rows", "Rows", Kind.COUNT),
    Column("enrolled", "New tills", Kind.COUNT),
    Column("there", "Already there", Kind.COUNT),
    Column("faulty", "Faulty", Kind.COUNT),
    Column("import", "Id", Kind.ID),
)
IMPORTS_ARE = "Every file, the newest first. Of one that was only checked, new tills are those that would be enrolled."
ONLY_WHOLE = "Files are for those who keep all stores: ask an owner."


def read_imports(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One query."""
    if not scope.sees_all_stores:
        return Contents(notes=(ONLY_WHOLE,))
    limit, after = asked["limit"], asked["after"]
    found = Import.objects.filter(retailer=scope.retailer_id).order_by("-id")
    if after.isascii() and after.isdigit() and len(after) < 19:
        found = found.filter(pk__lt=int(after))
    runs = list(found[: limit + 1])
    shown = runs[:limit]
    panel = Panel(
        "imports", "Files", IMPORTS_ARE, IMPORTS,
        [
            (run.name, run.created_at, f"{run.get_state_display()}{', only checked' if run.is_dry_run else ''}",
             run.rows_total, run.rows_enrolled, run.rows_there, run.rows_faulty, str(run.pk))
            for run in shown
        ],
        links=[f"import?{urlencode({'id': run.pk})}" for run in shown],
    )  # fmt: skip
    may = scope.may(Right.KEEP_TILLS)
    if not shown:
        text = (
            "Stores and tills come in one CSV file, a line a till; it can be checked first without enrolling anything."
        )
        return Contents(
            hints=(Hint(text, "import-new", "Upload a file"),) if may else (), notes=() if may else (said_of_none(),)
        )
    return Contents(
        panels=[panel],
        actions=(Action("import-new", "Upload a file"),) if may else (),
        after=str(shown[-1].pk) if len(runs) > limit else "",
    )


def said_of_none() -> str:
    """What whoever may only look is told."""
    return "No file was uploaded yet. Owners can upload one."


IMPORTS_PAGE = Page(
    key="imports",
    title="Files",
    lead="Stores and tills that were brought in by CSV files.",
    right=Right.SEE_TILLS,
    read=read_imports,
    lists=(ListShape("imports", IMPORTS),),
)
