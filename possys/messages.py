"""The texts of the customer's pages and their translations: found in the sources, kept as .po files, compiled to .mo.

    templates, *.py  --extracted()-->  locale/<language>/LC_MESSAGES/django.po  --compile_stale()-->  django.mo

Babel does it all, so that no machine needs GNU gettext. The .mo files are never committed: local work and tests make
them when they start, a deployment makes them with `manage.py messages --compile` (docs/translating.md).
"""

import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

DOMAIN = "django"
# What only staff and retailers' people see stays English.
TEMPLATES = "templates"
ENGLISH_TEMPLATES = tuple(
    f"templates/{app}"
    for app in (
        "accounts",
        "admin",
        "analytics",
        "drf_spectacular",
        "unfold",
        "portal",
        "accounting",
        "warehouse",
        "fleet",
        "findings",
    )
)
PYTHON_FOLDERS = ("possys", "receipts", "lottery", "status")
PYTHON_LEFT_OUT = re.compile(r"/(tests|migrations|management|embedded)/|/admin\w*\.py$")
LAZY = {f"{name}_lazy": spec for name, spec in DEFAULT_KEYWORDS.items() if name.endswith("gettext")}
# Babel knows a text that is only marked by another name.
KEYWORDS = {**DEFAULT_KEYWORDS, **LAZY, "gettext_noop": DEFAULT_KEYWORDS["N_"]}
NOTES = ("Translators:",)
# What a translation must hold exactly as often as its text: figures and names that are put in, marks of HTML, and the
# double quotes that would end an attribute (a translation is not escaped).
PLACEHOLDERS = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}|</?[a-z][^>]*>|\"")
# The same in every file: the time of the last change is the repository's to tell.
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def languages() -> list[str]:
    """The codes of all languages that need a translation."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def po_path(language: str) -> Path:
    """Where a language's translations are."""
    return Path(settings.BASE_DIR, "locale", to_locale(language), "LC_MESSAGES", f"{DOMAIN}.po")


def extracted() -> Catalog:
    """Every text of the sources that people may have to read in their language."""
    catalog = Catalog(creation_date=MADE, revision_date=MADE)
    root = Path(settings.BASE_DIR)
    for path, source in _sources(root):
        name = path.relative_to(root).as_posix()
        for line, text, comments, context in extract("python", BytesIO(source.encode()), KEYWORDS, NOTES):
            catalog.add(text, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def is_english(path: Path) -> bool:
    """Whether a template, by its path in the project, is of pages that are never translated."""
    return any(path.is_relative_to(folder) for folder in ENGLISH_TEMPLATES)


def _sources(root: Path) -> Iterator[tuple[Path, str]]:
    """Each file with its text as Python, as far as the extraction goes."""
    for path in sorted((root / TEMPLATES).rglob("*")):
        if path.suffix in {".html", ".txt"} and not is_english(path.relative_to(root)):
            # What stands between the tags is X'd out; without indents it is no faulty Python.
            lines = templatize(path.read_text(), str(path)).split("\n")
            yield path, "\n".join(" ".join(line.split()) if "gettext(" not in line else line.strip() for line in lines)
    for folder in PYTHON_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            if not PYTHON_LEFT_OUT.search(f"/{path.relative_to(root).as_posix()}"):
                yield path, path.read_text()


def read(language: str) -> Catalog:
    """A language's translations; none yet when it has no file."""
    path = po_path(language)
    if not path.exists():
        return Catalog(to_locale(language), domain=DOMAIN, creation_date=MADE, revision_date=MADE)
    with path.open("rb") as file:
        return read_po(file, to_locale(language), DOMAIN, abort_invalid=True)


def update() -> dict[str, int]:
    """Brings every .po file up to the sources; answers how many texts each has still to translate.

    A text that is gone from the sources goes from the files, too: the repository's history has it. Nothing is guessed
    from texts that look alike.
    """
    found = extracted()
    untranslated = {}
    for language in languages():
        catalog = read(language)
        catalog.update(found, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        catalog.header_comment = f"# {catalog.locale_identifier}: the texts of the customer's pages."
        catalog.project, catalog.version = "Possys", "1"
        catalog.fuzzy = False
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        written = BytesIO()
        # Without line numbers, so that a change elsewhere in a template does not change these files.
        write_po(written, catalog, width=120, sort_by_file=True, include_lineno=False)
        if not path.exists() or path.read_bytes() != written.getvalue():
            path.write_bytes(written.getvalue())
        untranslated[language] = sum(not is_translated(message) for message in _texts(catalog))
    return untranslated


def compile_stale() -> list[Path]:
    """Makes each .mo file that is older than its .po file or missing; answers those that were made."""
    return [_compile(language) for language in languages() if is_stale(language)]


def is_stale(language: str) -> bool:
    """Whether the compiled translations lack, or are older than, their source, where there is one."""
    source = po_path(language)
    compiled = source.with_suffix(".mo")
    if not source.exists():
        return False
    return not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns


def _compile(language: str) -> Path:
    compiled = po_path(language).with_suffix(".mo")
    catalog = read(language)
    # Whole or not at all: other processes may be starting, too.
    descriptor, name = tempfile.mkstemp(dir=compiled.parent, suffix=".tmp")
    with os.fdopen(descriptor, "wb") as file:
        write_mo(file, catalog)
        os.fchmod(descriptor, 0o644)
    Path(name).replace(compiled)
    return compiled


def faults(language: str) -> list[str]:
    """What keeps a language's translations from being whole, a sentence for each text."""
    catalog = read(language)
    wanted = extracted()
    found = [_fault(catalog.get(message.id, message.context), message) for message in _texts(wanted)]
    gone = [
        f"is no text of the sources any more: {message.id!r}"
        for message in _texts(catalog)
        if wanted.get(message.id, message.context) is None
    ]
    return [fault for fault in found if fault] + gone


def _fault(translated: Message | None, message: Message) -> str:
    if translated is None or not is_translated(translated):
        return f"is not translated: {message.id!r}"
    if translated.fuzzy:
        return f"is marked as doubtful (fuzzy): {message.id!r}"
    texts = message.id if isinstance(message.id, tuple) else (message.id,)
    forms = translated.string if isinstance(translated.string, tuple) else (translated.string,)
    if any(_marks(form) != _marks(texts[-1]) for form in forms):
        return f"has other placeholders or marks than its text: {message.id!r}"
    return ""


def _marks(text: object) -> list[str]:
    return sorted(PLACEHOLDERS.findall(str(text)))


def is_translated(message: Message) -> bool:
    """Whether there is a translation, in every form that the language has for numbers."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _texts(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)
