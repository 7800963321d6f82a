"""The log in the admin: the verdict, checkpoints, witnesses, checks, the archive and other leaves; only looked at."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from ledger.admin_forms import today
from ledger.log.appending import append, new_leaf
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import FORMAT_VERSION, ArchiveLeaf, LeafKind, RemovalLeaf
from ledger.log.models import (
    ArchiveMove,
    Checkpoint,
    Cosignature,
    LogEntry,
    LogHead,
    VerificationRun,
    WitnessContact,
)
from ledger.log.notes import WITNESS_KEY, Signer, new_signer
from ledger.models import Block
from ledger.notices import publish
from possys.clock import iso_utc, now_ms, utc
from possys.keyset_admin import PAGE_ROWS
from tests.people import Cast, make_cast
from tests.tampering import triggers_off
from tests.tills import Till

SOUND = "/admin/ledger/loghead/"
CHECKPOINTS = "/admin/ledger/checkpoint/"
WITNESSES = "/admin/ledger/witnesscontact/"
RUNS = "/admin/ledger/verificationrun/"
ARCHIVE = "/admin/ledger/archivemove/"
LEAVES = "/admin/ledger/logentry/"
LISTS = (SOUND, CHECKPOINTS, WITNESSES, RUNS, ARCHIVE, LEAVES)
MODELS = (LogHead, Checkpoint, WitnessContact, VerificationRun, ArchiveMove, LogEntry)
SECOND = timedelta(seconds=1)


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


@pytest.fixture
def bank(settings: Any) -> Signer:
    """A configured witness's key; beside it another is configured of which nothing is ever heard."""
    keys = [new_signer(f"{name}.example/witness", WITNESS_KEY) for name in ("bank", "tax")]
    settings.WITNESSES = [f"{key.verifier.vkey} http://127.0.0.1:1/" for key in keys]
    settings.WITNESS_QUORUM = 1
    return keys[0]


@pytest.fixture
def logged(till: Till, flush_everything: Callable[[], Any], bank: Signer) -> Checkpoint:
    """A ledger with a row of everything: its newest checkpoint, confirmed by the bank."""
    till.send_batch(till.sales(3))
    flush_everything()
    catch_up()
    now = utc(now_ms())
    append([new_leaf(ArchiveLeaf(FORMAT_VERSION, "2026-11-01", 7, 70, iso_utc(now_ms())))])
    removal = RemovalLeaf(FORMAT_VERSION, 5, 1, 2, "ab" * 32, "court order <17>", iso_utc(now_ms()))
    append([new_leaf(removal)])
    catch_up()
    newest = Checkpoint.objects.latest("size")
    text = newest.note.rpartition("\n\n")[0] + "\n"
    line = bank.sign(text, now_ms() // 1000).line
    name = bank.verifier.name
    Cosignature.objects.create(checkpoint_size=newest.size, witness=name, line=line, cosigned_at=now)
    WitnessContact.objects.create(name=name, size=newest.size, cosigned_at=now)
    ArchiveMove.objects.create(
        day="2026-11-01", blocks=7, records=70, bytes=900, file_name="blocks-2026-11-01.sqlite", moved_at=now
    )
    make_run()
    make_run("sample of 20 blocks")
    return newest


def make_run(scope: str = "everything", *, faults: list[dict[str, object]] | None = None) -> VerificationRun:
    now = utc(now_ms())
    found = faults or []
    return VerificationRun.objects.create(
        started_at=now - 3 * SECOND,
        ended_at=now,
        scope=scope,
        log_size=4,
        blocks=1,
        records=3,
        entries=3,
        fault_count=len(found),
        faults=found,
    )


def rows_of(answer: Any) -> list[Any]:
    return list(answer.context["cl"].result_list)


def test_only_those_with_the_right_to_look_see_the_log(cast: Cast, logged: Checkpoint) -> None:
    pages = [*LISTS, f"{CHECKPOINTS}{logged.size}/change/", f"{LEAVES}0/change/"]
    pages += [f"{RUNS}{run.pk}/change/" for run in VerificationRun.objects.all()]
    pages += [f"{ARCHIVE}{ArchiveMove.objects.get().pk}/change/"]
    for url in pages:
        assert cast.superuser.get(url).status_code == 200
        assert cast.viewer.get(url).status_code == 200
        assert cast.without_rights.get(url).status_code == 403
        assert cast.anonymous.get(url).headers["Location"].startswith("/admin/login/")


def test_nobody_adds_changes_or_deletes_superusers_included(cast: Cast, logged: Checkpoint) -> None:
    before = [list(model._default_manager.order_by("pk").values_list()) for model in MODELS]
    for model, where in zip(MODELS, (SOUND, CHECKPOINTS, WITNESSES, RUNS, ARCHIVE, LEAVES), strict=True):
        key = model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
        for url in (f"{where}add/", f"{where}{key}/change/", f"{where}{key}/delete/"):
            answer = cast.superuser.post(url, {"post": "yes", "note": "x", "fault": "x", "size": 1})
            assert answer.status_code in {200, 403, 404}
        cast.superuser.post(where, {"action": "delete_selected", "_selected_action": key, "post": "yes"})
    assert [list(model._default_manager.order_by("pk").values_list()) for model in MODELS] == before


@pytest.mark.parametrize("path", [f"{CHECKPOINTS}99/change/", f"{RUNS}99/change/", f"{LEAVES}x/change/"])
def test_what_is_not_there_is_not_found(cast: Cast, logged: Checkpoint, path: str) -> None:
    assert cast.viewer.get(path).status_code == 404


def test_the_page_says_that_the_ledger_is_sound_and_what_that_rests_on(cast: Cast, logged: Checkpoint) -> None:
    WitnessContact.objects.create(name="tax.example/witness", size=logged.size, cosigned_at=utc(now_ms()))
    answer = cast.viewer.get(SOUND)
    text = answer.content.decode()
    assert "The ledger is sound as of" in text
    assert ("Sales in the ledger", "3") in answer.context["sound"].figures
    assert ("Witnesses that confirm it", "2 of 2") in answer.context["sound"].figures
    assert "2 of 2, 1 needed" in text
    assert "no fault in 3 records (everything)" in text
    assert ("Days in the archive", "1") in answer.context["sound"].facts
    for _, url in answer.context["sound"].links:
        assert cast.viewer.get(url).status_code == 200


def test_the_page_says_what_is_wrong_and_what_to_do(cast: Cast, logged: Checkpoint) -> None:
    LogHead.objects.update(fault="the log was <cut>", fault_at=utc(now_ms()))
    run = make_run("shard 5", faults=[{"place": "shard 5, block 1", "kind": "record-changed", "text": "no"}])
    text = cast.viewer.get(SOUND).content.decode()
    assert "There are signs that the ledger was changed: 2 alarms." in text
    assert "A check (shard 5) found 1 fault" in text
    assert escape("the log was <cut>") in text
    assert "manage.py verify_ledger has read everything" in text
    assert f"{RUNS}{run.pk}/change/" in text


def test_the_index_shows_the_verdict_to_those_who_may_see_it(cast: Cast, logged: Checkpoint, settings: Any) -> None:
    settings.UNFOLD = {**settings.UNFOLD, "DASHBOARD_CALLBACK": "possys.home.dashboard"}
    assert "The ledger is sound as of" in cast.viewer.get("/admin/").content.decode()
    assert "The ledger is sound" not in cast.without_rights.get("/admin/").content.decode()


def test_the_verdict_stands_first_in_the_sidebar(cast: Cast, logged: Checkpoint, settings: Any) -> None:
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"}}
    text = cast.viewer.get(SOUND).content.decode()
    titles = re.findall(r">\s*(Is the ledger sound\?|Flush health|Checkpoints|Witnesses|Archive)\s*<", text)
    assert titles[0] == "Is the ledger sound?"
    assert set(titles) == {"Is the ledger sound?", "Flush health", "Checkpoints", "Witnesses", "Archive"}


def test_checkpoints_are_listed_the_newest_first_and_found_by_size(cast: Cast, logged: Checkpoint) -> None:
    answer = cast.viewer.get(CHECKPOINTS)
    assert [row.size for row in rows_of(answer)] == [4, 2]
    assert answer.content.decode().count("1 of 2 witnesses") == 2
    WitnessContact.objects.update(size=2)
    assert "0 of 2 witnesses" in cast.viewer.get(CHECKPOINTS).content.decode()
    for asked, found in (("2", 1), ("3", 0), ("x", 0), ("9" * 30, 0), ("", 2)):
        assert len(rows_of(cast.viewer.get(CHECKPOINTS, {"q": asked}))) == found


def test_a_checkpoint_shows_its_note_and_who_signed_it(cast: Cast, logged: Checkpoint, bank: Signer) -> None:
    answer = cast.viewer.get(f"{CHECKPOINTS}{logged.size}/change/")
    rows = answer.context["found"].signatures["rows"]
    assert [(row[1], row[3]) for row in rows] == [("the log's key", "holds"), ("a witness", "holds")]
    assert rows[1][0] == bank.verifier.name
    assert "Computed again just now" in answer.content.decode()
    assert escape(answer.context["found"].note) in answer.content.decode()
    assert cast.anonymous.get(answer.context["found"].api_url).status_code == 200


def test_a_false_signature_an_unknown_one_and_a_changed_root_are_shown(
    cast: Cast, logged: Checkpoint, bank: Signer, settings: Any
) -> None:
    page = f"{CHECKPOINTS}{logged.size}/change/"
    with triggers_off():
        Cosignature.objects.update(line=bank.sign("another text\n", 1).line)
    assert f"The signature of {bank.verifier.name} is false." in cast.viewer.get(page).content.decode()
    settings.WITNESSES = []
    rows = cast.viewer.get(page).context["found"].signatures["rows"]
    assert (rows[1][1], rows[1][3]) == ("a key that is not known here", "not checked")
    with triggers_off():
        Checkpoint.objects.filter(size=logged.size).update(root=bytes(32), note=logged.note.replace("4\n", "5\n", 1))
    text = cast.viewer.get(page).content.decode()
    assert "do not have this checkpoint&#x27;s root any more" in text
    assert "None of the log&#x27;s keys signed this note." in text


def test_witnesses_are_listed_also_those_that_never_answered_or_are_no_longer_asked(
    cast: Cast, logged: Checkpoint
) -> None:
    WitnessContact.objects.create(name="old.example/witness", size=1)
    with triggers_off():
        Checkpoint.objects.update(signed_at=utc(now_ms()) - timedelta(hours=1))
    cards = cast.viewer.get(WITNESSES).context["witnesses"]
    assert [(card.name, *(value for _, value in card.facts[:3])) for card in cards][:2] == [
        ("bank.example/witness", "confirms", "4 leaves", "nothing"),
        ("tax.example/witness", "ALARM: never heard of", "0 leaves", "4 leaves, for 1 h"),
    ]
    former = [("State", "no longer configured"), ("Confirmed", "1 leaves"), ("Last confirmed", "never")]
    assert (cards[2].name, cards[2].facts) == ("old.example/witness", former)
    WitnessContact.objects.filter(name="bank.example/witness").update(fault="no route to host", fault_at=utc(now_ms()))
    said = dict(cast.viewer.get(WITNESSES).context["witnesses"][0].facts)
    assert (said["State"], said["What is wrong"]) == ("fails at the moment", "no route to host")


def test_without_witnesses_the_page_says_so(cast: Cast, ledger: Any) -> None:
    assert "No witness is configured" in cast.viewer.get(WITNESSES).content.decode()


def test_a_check_lists_every_fault_with_its_place(cast: Cast, logged: Checkpoint) -> None:
    fault: dict[str, object] = {
        "place": "shard 5, block 1, position 2",
        "kind": "record-changed",
        "text": "not the <root>",
    }
    run = make_run("sample of 9 blocks", faults=[fault])
    answer = cast.viewer.get(f"{RUNS}{run.pk}/change/")
    assert answer.context["found"].faults == [tuple(fault.values())]
    assert escape("record-changed: not the <root>") in answer.content.decode()
    assert "1 fault found." in answer.content.decode()
    listed = cast.viewer.get(RUNS)
    assert rows_of(listed)[0].pk == run.pk
    assert "Faults found" in listed.content.decode()
    for asked, found in (("sample", 2), ("every", 1), ("shard", 0), ("", 3)):
        assert len(rows_of(cast.viewer.get(RUNS, {"q": asked}))) == found


def test_leaves_that_are_no_blocks_are_listed_and_any_leaf_is_found_by_its_index(
    cast: Cast, logged: Checkpoint
) -> None:
    answer = cast.viewer.get(LEAVES)
    assert [row.kind for row in rows_of(answer)] == [LeafKind.REMOVAL, LeafKind.ARCHIVE, LeafKind.KEY]
    text = answer.content.decode()
    assert escape("shard 5, block 1, position 2 removed: court order <17>") in text
    assert "7 blocks sealed on 2026-11-01 moved to a file" in text
    assert "the log&#x27;s first key signs from here on" in text
    assert [row.kind for row in rows_of(cast.viewer.get(LEAVES, {"q": "1"}))] == [LeafKind.BLOCK]
    assert rows_of(cast.viewer.get(LEAVES, {"q": "99"})) == []
    page = cast.viewer.get(f"{LEAVES}3/change/").content.decode()
    assert escape('"reason": "court order <17>"') in page
    assert "the checkpoint at 4 leaves and all after it" in page


def test_a_notice_is_listed_with_what_the_service_said(cast: Cast, logged: Checkpoint) -> None:
    publish("lottery", "draw 3 frozen", "root 00ff, 3 <tickets>", now=utc(now_ms()))
    catch_up()
    assert escape("lottery, draw 3 frozen: root 00ff, 3 <tickets>") in cast.viewer.get(LEAVES).content.decode()
    assert escape('"statement": "root 00ff, 3 <tickets>"') in cast.viewer.get(f"{LEAVES}4/change/").content.decode()


def test_a_leaf_of_a_block_leads_to_it_and_the_block_names_its_leaf(
    cast: Cast, logged: Checkpoint, till: Till, flush_everything: Callable[[], Any]
) -> None:
    block_url = cast.viewer.get(f"{LEAVES}1/change/").context["found"].block_url
    answer = cast.viewer.get(block_url)
    assert "Log leaf 1, under the checkpoint at 2 leaves." in answer.content.decode()
    assert answer.context["logged"].leaf_url == f"{LEAVES}1/change/"
    till.send()
    flush_everything()
    block = Block.objects.latest("number")
    page = f"/admin/ledger/block/{today()}/{block.shard}/{block.number}/"
    assert "Not in the log yet" in cast.viewer.get(page).content.decode()
    with triggers_off():
        LogEntry.objects.filter(index=1).update(leaf=b'{"v":1}')
    assert "The log has another header for this block." in cast.viewer.get(block_url).content.decode()
    changed = cast.viewer.get(f"{LEAVES}1/change/").content.decode()
    assert "does not give the hash" in changed
    assert "cannot be read" in changed


# Session and person, then the page's own.
@pytest.mark.parametrize(
    ("url", "own"), [(SOUND, 11), (CHECKPOINTS, 1), (WITNESSES, 12), (RUNS, 1), (ARCHIVE, 1), (LEAVES, 1)]
)
def test_a_list_takes_the_same_queries_for_few_and_for_many(
    cast: Cast,
    logged: Checkpoint,
    till: Till,
    flush_everything: Callable[[], Any],
    django_assert_num_queries: Any,
    url: str,
    own: int,
) -> None:
    with django_assert_num_queries(2 + own):
        cast.superuser.get(url)
    for _ in range(5):
        till.send()
        flush_everything()
        catch_up()
        make_run()
        append([new_leaf(ArchiveLeaf(FORMAT_VERSION, "2026-11-02", 7, 70, iso_utc(now_ms())))])
        catch_up()
        ArchiveMove.objects.create(
            day="2026-11-02", blocks=7, records=70, bytes=900, file_name="x", moved_at=utc(now_ms())
        )
    WitnessContact.objects.update(size=Checkpoint.objects.latest("size").size)
    with django_assert_num_queries(2 + own):
        cast.superuser.get(url)


@pytest.mark.parametrize("url", LISTS)
def test_no_list_counts_a_whole_table(cast: Cast, logged: Checkpoint, url: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        cast.superuser.get(url)
    assert not [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]


def test_a_long_list_goes_on_page_by_page(cast: Cast, ledger: Any) -> None:
    for _ in range(PAGE_ROWS + 1):
        make_run()
    first = cast.viewer.get(RUNS)
    ways = {one.title: one.url for one in first.context["cl"].pager.links}
    second = cast.viewer.get(f"{RUNS}{ways['Next']}")
    assert (len(rows_of(first)), len(rows_of(second))) == (PAGE_ROWS, 1)
