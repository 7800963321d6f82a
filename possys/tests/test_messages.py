"""Every text of the customer's pages is translated, and compiled without GNU gettext."""

import gettext
import os
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog
from django.conf import settings
from django.core.checks import run_checks

from possys import messages

LANGUAGES = messages.languages()
TEXTS = """{% load i18n %}<p class="it's">{% translate "It's 5 %, isn't it?" %}</p>
      {# Translators: on a button #}
   {% translate "Change" context "money" %}
 {% blocktranslate trimmed with who=name %}
   Dear <b>{{ who }}</b>,
   hello
 {% endblocktranslate %}
\u00a0'unclosed {% blocktranslate count n=n %}{{ n }} line{% plural %}{{ n }} lines{% endblocktranslate %}
"""
CODE = 'A = _("Lazy")\nB = ngettext_lazy("x", "xx")\nC = gettext_noop("Later")\n'


# Tags and what is inside those that hold texts or comments.
TAGS = re.compile(
    r"{%\s*(?:comment|blocktranslate)\b.*?{%\s*end(?:comment|blocktranslate)\s*%}|{%.*?%}|{{.*?}}|{#.*?#}|<!.*?>|"
    r"<code\b.*?</code>",
    re.DOTALL,
)
SAID_BY = re.compile(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"')
# A name, a code, what a field of keys takes, and words of one of the page's blocks that are no text.
UNMARKED = {"Possys", "UTC", "name+id+key"}
BLOCKS_OF_NO_TEXT = re.compile(r"{% block tone %}\w+{% endblock %}")


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Path:
    """A small site with texts of every sort, and no translations yet."""
    for name, text in {
        "templates/page.html": TEXTS,
        "templates/admin/staff.html": '{% load i18n %}{% translate "Staff only" %}',
        "receipts/words.py": CODE,
        "receipts/admin_words.py": CODE.replace("Lazy", "Staff only"),
        "receipts/tests/test_words.py": CODE.replace("Lazy", "Test only"),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings.BASE_DIR = tmp_path
    settings.LANGUAGES = [("en", "English"), ("cs", "Čeština")]
    return tmp_path


def unmarked(template: str) -> list[str]:
    """What a template says in English whatever the language is."""
    plain = TAGS.sub(" ", BLOCKS_OF_NO_TEXT.sub(" ", template))
    said = " ".join([*SAID_BY.findall(plain), re.sub(r"<[^>]*>", " ", plain)])
    return [word for word in said.replace("XXXX-XXXX-XXXX-XXXX", "").split()
            if re.search(r"[A-Za-z]{2}", word) and word not in UNMARKED]  # fmt: skip


def test_no_text_of_a_template_is_unmarked() -> None:
    root = Path(settings.BASE_DIR)
    found = (root / messages.TEMPLATES).rglob("*.html")
    paths = [path for path in found if not messages.is_english(path.relative_to(root))]
    assert len(paths) > 50
    assert {str(path): words for path in paths if (words := unmarked(path.read_text()))} == {}


def test_an_unmarked_text_is_noticed() -> None:
    marked = '<p class="lead" title="{% translate "One" %}">{% translate "Two" %}<code>a b</code> Possys</p>'
    assert unmarked(marked) == []
    assert unmarked(f'<img alt="Some picture">{marked}<b>And more</b>') == ["Some", "picture", "And", "more"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    assert messages.faults(language) == [], "see docs/translating.md"


def test_texts_of_every_sort_are_found(site: Path) -> None:
    found = {(message.id, message.context) for message in messages.extracted() if message.id}
    assert found == {
        ("It's 5 %%, isn't it?", None),
        ("Change", "money"),
        ("Dear <b>%(who)s</b>, hello", None),
        (("%(n)s line", "%(n)s lines"), None),
        ("Lazy", None),
        ("Later", None),
        (("x", "xx"), None),
    }


def test_what_is_translated_stays_when_texts_come_and_go(site: Path) -> None:
    assert messages.update() == {"cs": 7}
    path = messages.po_path("cs")
    path.write_text(path.read_text().replace('msgid "Lazy"\nmsgstr ""', 'msgid "Lazy"\nmsgstr "Líný"'))
    (site / "templates" / "page.html").write_text('{% load i18n %}{% translate "New" %}')
    assert messages.update() == {"cs": 3}
    assert "Líný" in path.read_text()
    assert "isn't it" not in path.read_text()
    before = path.stat().st_mtime_ns
    messages.update()
    assert path.stat().st_mtime_ns == before


def test_translations_are_compiled_when_they_are_stale(site: Path) -> None:
    messages.update()
    path = messages.po_path("cs")
    path.write_text(path.read_text().replace('msgid "Lazy"\nmsgstr ""', 'msgid "Lazy"\nmsgstr "Líný"'))
    made = messages.compile_stale()
    assert made == [path.with_suffix(".mo")]
    with made[0].open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Lazy") == "Líný"
    assert messages.compile_stale() == []
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))
    assert messages.is_stale("cs")


@pytest.mark.parametrize(
    ("text", "translation", "fault"),
    [
        ("Hello", "", "not translated"),
        ("Hello %(who)s", "Ahoj", "placeholders"),
        ("Hello %(who)s", "Ahoj %(kdo)s", "placeholders"),
        ("Read <b>this</b>", "Čtěte <b>to", "placeholders"),
        ("A “word”", 'Jedno "slovo"', "placeholders"),
        (("%(n)s line", "%(n)s lines"), ("%(n)s řádek", "%(n)s řádky", ""), "not translated"),
        (("%(n)s line", "%(n)s lines"), ("%(n)s řádek", "řádky", "%(n)s řádků"), "placeholders"),
    ],
)
def test_a_faulty_translation_is_named(
    monkeypatch: pytest.MonkeyPatch, text: str | tuple[str, str], translation: str | tuple[str, ...], fault: str
) -> None:
    sources, catalog = Catalog(), Catalog("cs")
    sources.add(text)
    catalog.add(text, translation)
    monkeypatch.setattr(messages, "extracted", lambda: sources)
    monkeypatch.setattr(messages, "read", lambda language: catalog)
    found = messages.faults("cs")
    assert len(found) == 1
    assert fault in found[0]


def test_a_doubtful_translation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sources, catalog = Catalog(), Catalog("cs")
    sources.add("Hello")
    catalog.add("Hello", "Ahoj", flags=["fuzzy"])
    catalog.add("Gone", "Pryč")
    monkeypatch.setattr(messages, "extracted", lambda: sources)
    monkeypatch.setattr(messages, "read", lambda language: catalog)
    assert messages.faults("cs") == [
        "is marked as doubtful (fuzzy): 'Hello'",
        "is no text of the sources any more: 'Gone'",
    ]


def test_a_deployment_without_compiled_translations_is_told(site: Path) -> None:
    messages.update()
    assert [fault.id for fault in run_checks() if fault.id == "possys.W001"] == ["possys.W001"]
    messages.compile_stale()
    assert [fault.id for fault in run_checks() if fault.id == "possys.W001"] == []
