"""The page of a draw's rules: never a draft's, with sentences, exact text, its hash and its place in the log."""

from datetime import timedelta
from html import unescape

import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.log.checkpointer import catch_up
from ledger.notices import notices_of
from lottery.draws import operations
from lottery.tests.factories import make_draw, make_staff, now, open_draw_now
from lottery.wording import rules_sentences

# The draw, and the statement of its opening.
QUERIES = 2


def test_a_draft_has_no_page(client: Client, db: None) -> None:
    draft = make_draw()
    assert client.get(f"/lottery/draws/{draft.number}/rules").status_code == 404
    assert client.get("/lottery/draws/99/rules").status_code == 404


def test_the_page_has_every_sentence_the_text_and_its_hash(client: Client, ledger: redis.Redis) -> None:
    draw = open_draw_now()
    address = f"/lottery/draws/{draw.number}/rules"
    assert "Not yet: it gets there" in client.get(address).content.decode()
    catch_up()
    with CaptureQueriesContext(connection) as queries:
        text = unescape(client.get(address).content.decode())
    assert len(queries) == QUERIES
    for sentence in rules_sentences(draw.rules):
        assert sentence in text
    assert draw.rules_text in text
    assert bytes(draw.rules_hash or b"").hex() in text
    assert f"Record {notices_of('lottery', f'draw {draw.number} opened')[0].index}, counted from 0" in text
    assert "a secret of ours" in text
    assert "postponed" not in text


def test_a_postponed_draw_says_so_with_its_new_time(client: Client, ledger: redis.Redis) -> None:
    draw = open_draw_now()
    later = (now() + timedelta(days=40)).replace(hour=7, minute=8)
    operations.postpone(draw, later, make_staff("anna"), "the feed stood still", now())
    text = client.get(f"/lottery/draws/{draw.number}/rules").content.decode()
    assert "The drawing was postponed" in text
    assert "07:08 UTC" in text
