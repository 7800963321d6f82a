"""No English is left on any page, in any mail or PDF in another language: neither unmarked nor untranslated texts."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import chain
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.shortcuts import render
from django.test import Client, RequestFactory
from django.utils import translation

from lottery.front import Front
from possys import messages
from receipts.cases.mails import mail_address
from receipts.cases.models import Case
from receipts.paper.slip import foot, slip, title
from receipts.queries import Finding, State, find_receipt
from receipts.search.forms import SearchForm
from receipts.watches.models import Watch
from receipts.watches.tasks import look_for_all_corrections, send_mails
from receipts.watches.tokens import Purpose, token_of
from tests.every_page import Receipts, every_page
from tests.factories import make_refund
from tests.links import full_address
from tests.tills import Till

LANGUAGES = messages.languages()
# English words of every other sentence, none of which is a word of the other languages.
ENGLISH = re.compile(
    r"\b(the|and|of|this|that|your|you|is|are|it|its|be|been|with|from|not|please|receipts?|or|for|if|has|have|"
    r"nothing|total|date|shop|store|photo|found|paid|back|again|try|page|address)\b|\b[ap]\.m\.",
    re.IGNORECASE,
)
SAID_BY = ("aria-label", "alt", "title", "placeholder")
# A part of an English text that is too long to stand in another language by chance.
PART_MIN = 12
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|<[^>]*>")
MINUTES = (1, 3, 7)


class Texts(HTMLParser):
    """What a page says to people: its text, what is read out, and what its scripts may say; not what is code."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes the attributes that hold sentences."""
        self.said += [value for name, value in attrs if value and name in SAID_BY]
        self.said += [value for name, value in attrs if value and name.startswith("data-") and " " in value]
        if tag in {"code", "script"}:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leaves code and script."""
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        """Takes text; of a script the texts that were handed to it."""
        if not self.inside:
            self.said.append(data)
        elif self.inside[-1] == "script" and data.strip().startswith("{"):
            self.said += _leaves(json.loads(data))


def _leaves(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return list(chain.from_iterable(map(_leaves, tree.values())))
    if isinstance(tree, list):
        return list(chain.from_iterable(map(_leaves, tree)))
    return [str(tree)]


def texts_of(html: str) -> str:
    """All that it says, a line for each text."""
    reader = Texts()
    reader.feed(html)
    return "\n".join(" ".join(text.split()) for text in reader.said if text.strip())


def english_parts() -> set[str]:
    """The parts between placeholders of all English texts of more than a word."""
    ids = chain.from_iterable(
        message.id if isinstance(message.id, tuple) else [str(message.id)] for message in messages.extracted()
    )
    parts = chain.from_iterable(PLACEHOLDER.split(text) for text in ids)
    joined = (" ".join(part.replace("%%", "%").split()) for part in parts)
    return {part for part in joined if len(part) >= PART_MIN and " " in part and not part.startswith("pip ")}


PARTS = english_parts()


def english(said: str) -> list[str]:
    """Lines that hold English."""
    lines = (PLACEHOLDER.sub("", line) for line in said.splitlines())
    return [line for line in lines if ENGLISH.search(line) or any(part in line for part in PARTS)]


@pytest.fixture
def receipts(till: Till, flush_everything: Callable[[], object]) -> Iterator[Receipts]:
    cache.clear()
    yield Receipts(till, flush_everything)
    cache.clear()


def test_english_is_known_as_such() -> None:
    assert english("Zaznamenáno") == []
    for said in ("Your receipt was recorded", "Bought: total 5", "x\nLook again tomorrow, please\ny"):
        assert len(english(said)) == 1
    html = '<p title="This one">Ahoj<code>not this</code></p><script type="application/json">{"a": ["It is"]}</script>'
    assert english(texts_of(html)) == ["This one", "It is"]


def test_no_page_has_english_in_it(receipts: Receipts, client: Client) -> None:
    found = []
    for language in LANGUAGES:
        for asked in every_page(receipts, client, language):
            cache.clear()
            path = f"{asked.path}{'&' if '?' in asked.path else '?'}lang={language}"
            answer = client.get(path) if asked.fields is None else client.post(path, asked.fields, follow=True)
            text = answer.content.decode()
            if f'<html lang="{language}">' not in text and "text/plain" not in answer["Content-Type"]:
                found.append((language, asked.name, f"answered {answer.status_code}, which is no page"))
            said = texts_of(text) if "<html" in text else text
            found += [(language, asked.name, line) for line in english(said)]
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_of_a_fault_has_english_in_it(db: None, language: str) -> None:
    request = RequestFactory().get("/")
    pages: list[tuple[str, dict[str, Any]]] = [
        *(("too-many", {"minutes": minutes}) for minutes in MINUTES),
        ("unknown", {"finding": Finding(State.UNKNOWN, "X")}),
        ("search", {"search": SearchForm(), "is_away": True}),
        ("cases/too-large", {"photo_mb_max": 8, "body_mb_max": 32}),
        ("../lottery/home", {"front": Front([], [], None), "now_ms": 0}),
        *((f"../{status}", {}) for status in (400, 403, 404, 500, 503)),
    ]
    with translation.override(language):
        for name, context in pages:
            template = f"receipts/{name}.html".replace("receipts/../", "")
            assert english(texts_of(render(request, template, context).content.decode())) == [], name


def test_no_mail_has_english_in_it(receipts: Receipts, till: Till, client: Client) -> None:
    codes = [receipts.record() for _ in range(2)]
    for language in LANGUAGES:
        cache.clear()
        for code in codes:
            path, typed = f"{full_address(code)}/watch?lang={language}", {"address": f"{language}@example.org"}
            client.post(path, typed)
            send_mails()
            watch = Watch.objects.get(address=typed["address"], confirmed_at=None)
            client.post(f"/watch/confirm/{token_of(watch.pk, Purpose.CONFIRM)}")
            client.post(path, typed)
        sent = client.post("/report/", {"kind": "amount", "what": "x", "place": "x", "bought_on": receipts.yesterday,
                                        "contact": f"{language}@example.com"})  # fmt: skip
        case = Case.objects.get(number=sent["Location"].split("/")[2])
        mail_address(case.pk, "secret", language)
    for code, kind in zip(codes, ("refund", "void"), strict=True):
        receipts.record(**make_refund(code, type=kind))
    look_for_all_corrections()
    send_mails()
    found = []
    for one in mail.outbox:
        language = one.to[0].split("@")[0]
        found += [(language, line) for line in english(f"{one.subject}\n{one.body}")]
    assert found == []
    # Each language: two to confirm, two that say that it is watched already, a refund, a void, a report.
    assert len(mail.outbox) == len(LANGUAGES) * 7


def test_no_paper_has_english_in_it(receipts: Receipts) -> None:
    for language in LANGUAGES:
        for name in ("recorded", "late", "back of voided", "back of refunded"):
            receipt = find_receipt(receipts.codes[name]).receipt
            assert receipt is not None
            with translation.override(language):
                blocks = [*slip(receipt), foot(receipt)]
                said = [cell.text for block in blocks for row in block for cell in row.cells]
                assert english("\n".join([title(receipt), *said])) == [], (language, name)
