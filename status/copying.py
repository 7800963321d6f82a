"""The status page as one file without a server behind it: styles inside, no link to a file of this site."""

import os
import tempfile
from pathlib import Path

import msgspec
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation

from status.api import document
from status.page import page_of
from status.report import MINUTES, Report, read_report
from status.serializers import StatusSerializer

STYLES = ("variables", "site", "small_charts", "status")


class NoSuchLanguageError(ValueError):
    """The pages do not speak it."""


def write_copy(path: Path, language: str) -> int:
    """Writes what is known now, whole or not at all; answers the size in bytes. Raises OSError, NoSuchLanguageError."""
    if language not in dict(settings.LANGUAGES):
        raise NoSuchLanguageError(f"{language} is none of {', '.join(dict(settings.LANGUAGES))}")
    report = read_report()
    if path.suffix == ".json":
        body = msgspec.json.encode(dict(StatusSerializer(document(report, MINUTES)).data))
    else:
        body = page_copy(report, language).encode()
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        os.fchmod(descriptor, 0o644)
    Path(name).replace(path)
    return len(body)


def page_copy(report: Report, language: str) -> str:
    """The page by itself."""
    with translation.override(language):
        return render_to_string("status/copy.html", {**page_of(report), "styles": _styles(), "copied": True})


def _styles() -> str:
    found = []
    for name in STYLES:
        path = finders.find(f"css/{name}.css") or str(Path(settings.STATIC_ROOT, "css", f"{name}.css"))
        found.append(Path(str(path)).read_text())
    return "\n".join(found)
