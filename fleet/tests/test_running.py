"""Files of tills from upload to numbers: what is made, once, whatever is killed, and what is said of faulty rows."""

import csv
import io
import threading
from collections.abc import Iterator

import pytest
import redis
from django.db import connection

from fleet import room, running, tasks, uploads
from fleet.changes import ChangeFault, add_tills
from fleet.code_files import codes_csv
from fleet.models import Import, ImportChunk, Seen
from fleet.results import faults_csv, results_csv
from fleet.rows import LINE_BYTES_MAX
from fleet.running import go_on, next_chunk, stop
from fleet.tests.files import csv_of, kept, now, through, till
from fleet.uploads import FileFault, Uploaded, enrol_for_real, keep_file
from possys.celery import app
from tests.factories import make_retailer, make_store, make_terminals
from transactions.models import EnrolmentCode, Life, RegistryStep, Retailer, Store, Terminal
from transactions.states import read_state
from transactions.stream import SHARD_COUNT, Status

pytestmark = pytest.mark.django_db
State = Import.State


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch, store: redis.Redis) -> None:
    monkeypatch.setattr(uploads, "CHUNK_LINES", 3)


@pytest.fixture
def _at_once() -> Iterator[None]:
    """Tasks run where they are queued."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def read(parts: Iterator[bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(parts).decode("utf-8-sig"), newline="")))


def test_a_file_makes_retailers_stores_and_tills_that_share_their_stores_shard(store: redis.Redis) -> None:
    rows = [till(shop, str(number), name=f"Shop {shop}") for number in range(4) for shop in ("a", "b")]
    rows.append(till("a", "9", owner=("CZ2", "Rival Foods"), name="Lake Road"))
    run = through(kept(csv_of(rows)))
    assert (run.state, run.rows_total, run.rows_enrolled, run.rows_faulty) == (State.DONE, 9, 9, 0)
    assert (run.retailers_made, run.stores_made) == (2, 3)
    shops = Store.objects.filter(retailer__tax_id="CZ1").order_by("name")
    assert [(one.name, one.reference, one.place, one.kind) for one in shops] == [
        ("Shop a", "a", "Brno", "fixed"), ("Shop b", "b", "Brno", "fixed"),
    ]  # fmt: skip
    assert len({one.shard for one in Store.objects.all()}) == 3
    for one in Terminal.objects.select_related("store"):
        assert one.number % SHARD_COUNT == one.store.shard
        assert (one.status, one.expires_on, one.is_loaded) == (Life.ENROLLED, None, True)
        state = read_state(store, one.number)
        assert state is not None
        assert (state.status, state.store, state.retailer) == (Status.ENROLLED, one.store_id, one.store.retailer_id)
    steps = RegistryStep.objects.filter(kind=RegistryStep.Kind.CREATED)
    assert steps.count() == 2 + 3 + 9
    assert {(one.by, one.reason) for one in steps} == {(f"import {run.pk}", "tills.csv")}
    assert {row["terminal"] for row in read(results_csv(run))} == {str(one.number) for one in Terminal.objects.all()}


def test_numbers_go_on_behind_those_that_were_given_one_by_one() -> None:
    shop = make_store(make_retailer(tax_id="CZ1", name="Corner Shops"))
    shop.reference = "12"
    shop.save()
    earlier = make_terminals(shop, 2)
    through(kept(csv_of([till(name=""), till(label="2", name="")])))
    later = make_terminals(shop, 1)
    numbers = sorted(Terminal.objects.values_list("number", flat=True))
    assert numbers == [earlier[0].number + SHARD_COUNT * at for at in range(5)]
    assert later[0].number == numbers[-1]


def test_the_same_file_again_enrols_nothing_and_names_what_is_there() -> None:
    content = csv_of([till(label=str(number)) for number in range(5)])
    first, again = through(kept(content)), through(kept(content))
    assert (again.rows_enrolled, again.rows_there, again.stores_made) == (0, 5, 0)
    assert Terminal.objects.count() == 5
    said = read(results_csv(again))
    assert {row["outcome"] for row in said} == {"already there"}
    assert [row["terminal"] for row in said] == [row["terminal"] for row in read(results_csv(first))]


def test_every_faulty_row_is_named_and_the_others_are_enrolled() -> None:
    wrong = [till(label=""), till(label="x" * 41), till(store="", label=""), till(label="4", name="Oak")]
    empty = b"\n\n,,,,,,,\n"
    whole = csv_of([till(), ("CZ1", "Corner Shops", '"12'), *wrong, till(label="5")])
    run = through(kept(whole + empty + ",".join(till(label="6")).encode()))
    assert (run.rows_total, run.rows_checked, run.rows_enrolled, run.rows_faulty) == (8, 8, 3, 5)
    said = read(faults_csv(run))
    assert [(row["fault_line"], row["fault_columns"]) for row in said] == [
        ("3", "line"), ("4", "label"), ("5", "label"), ("6", "store_reference, label"), ("7", "store"),
    ]  # fmt: skip
    assert said[0]["tax_id"] == 'CZ1,Corner Shops,"12'
    assert "Shorten it to 40" in said[2]["faults"]
    assert set(Terminal.objects.values_list("label", flat=True)) == {"1", "5", "6"}


def test_a_corrected_file_of_faults_enrols_the_rest() -> None:
    run = through(kept(csv_of([till(), till(label="", name="Mill Lane")])))
    corrected = (
        b"".join(faults_csv(run)).decode("utf-8-sig").replace(",,,3,", ",,7,3,").replace(",Brno,,,", ",Brno,,7,")
    )
    again = through(kept(corrected.encode()))
    assert (again.rows_enrolled, again.rows_faulty) == (1, 0)
    assert set(Terminal.objects.values_list("label", flat=True)) == {"1", "7"}


def test_a_dry_run_says_the_same_as_the_real_one_and_enrols_nothing() -> None:
    rows = [till(shop, label) for shop in ("a", "b") for label in ("1", "2", "2", "")]
    rows += [till("b", "3", name="Another"), till("c", "1", owner=("CZ1", ""), name=""), till("b", "4", name="")]
    through(kept(csv_of([till("a", "1")])))
    before = (Retailer.objects.count(), Store.objects.count(), Terminal.objects.count(), RegistryStep.objects.count())
    tried = through(kept(csv_of(rows), dry=True))
    assert before == (
        Retailer.objects.count(), Store.objects.count(), Terminal.objects.count(), RegistryStep.objects.count(),
    )  # fmt: skip
    assert not Seen.objects.exists()
    real = through(enrol_for_real(tried, None, "staff anna", now()))
    figures = ("rows_enrolled", "rows_there", "rows_faulty", "stores_made", "retailers_made")
    assert [getattr(tried, name) for name in figures] == [getattr(real, name) for name in figures] == [4, 3, 4, 1, 0]
    assert read(faults_csv(tried)) == read(faults_csv(real))
    assert {row["outcome"] for row in read(results_csv(tried))} == {"would be enrolled", "already there"}


def test_a_retailers_own_file_names_no_retailer_and_makes_none() -> None:
    retailer = make_retailer()
    rows = [till(owner=()), till(owner=(), store='"13')]
    run = through(kept(csv_of(rows, is_one_retailers=True), retailer=retailer))
    assert run.rows_enrolled == 1
    assert read(faults_csv(run))[0]["store_reference"].startswith('"13,Mill Lane')
    assert Terminal.objects.get().store.retailer == retailer
    assert list(read(results_csv(run))[0]) == [
        "store_reference", "store", "address", "place", "kind", "label", "terminal", "outcome",
    ]  # fmt: skip


def test_what_is_killed_in_a_chunk_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run = kept(csv_of([till(label=str(number)) for number in range(8)]))
    next_chunk(run.pk, now())

    def die(name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running, "reach", die)
        with pytest.raises(KeyboardInterrupt):
            next_chunk(run.pk, now())
    assert Terminal.objects.count() == 3
    run.refresh_from_db()
    assert (run.rows_checked, run.state) == (3, State.RUNNING)
    assert through(run).rows_enrolled == 8
    assert Terminal.objects.count() == 8


def test_an_import_that_failed_says_why_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = kept(csv_of([till()]))

    def fail(name: str) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(running, "reach", fail)
        with pytest.raises(RuntimeError):
            running.advance(run.pk, now)
    run.refresh_from_db()
    assert (run.state, run.error) == (State.FAILED, "RuntimeError: the disk is full")
    assert next_chunk(run.pk, now()) is None
    assert go_on(run.pk, now())
    assert running.advance(run.pk, now).rows_enrolled == 1  # type: ignore[union-attr]


def test_a_stopped_import_stops_and_can_go_on() -> None:
    run = kept(csv_of([till(label=str(number)) for number in range(5)]))
    next_chunk(run.pk, now())
    assert stop(run.pk, now())
    assert next_chunk(run.pk, now()) is None
    assert Terminal.objects.count() == 3
    assert go_on(run.pk, now())
    run.refresh_from_db()
    assert through(run).rows_enrolled == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"tax_id,store_reference,label\n\n", "no till in the file"),
        (b"shop\n1\n", "no column “shop”"),
        (b"tax_id,store_reference,label\nCZ1,1,\xff\n", "Line 2 is not in UTF-8"),
        (b"tax_id,store_reference,label\nCZ1,1," + b"x" * LINE_BYTES_MAX, "Line 2 is longer than 4,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_as_a_whole(content: bytes, said: str) -> None:
    with pytest.raises(FileFault, match=said):
        kept(content)
    assert not Import.objects.exists()


def test_a_file_is_bounded() -> None:
    content = csv_of([till()])
    asked = Uploaded("tills.csv", None, Life.ENROLLED, False, "staff anna")
    with pytest.raises(FileFault, match="larger than 0 MB"):
        keep_file([content], asked, now(), bytes_max=len(content) - 1)
    assert keep_file([content[:7], content[7:]], asked, now(), bytes_max=len(content)).rows_total == 1


def test_codes_are_made_when_they_are_downloaded_and_the_ones_before_are_void() -> None:
    run = through(kept(csv_of([till(), till(label="2")])))
    first = read(codes_csv(run, "staff anna", now()))
    assert [row["label"] for row in first] == ["1", "2"]
    assert first[0]["link"].endswith("/E/" + first[0]["code"].replace("-", ""))
    Store.objects.update(status=Life.SUSPENDED)
    assert read(codes_csv(run, "staff anna", now())) == []
    Store.objects.update(status=Life.ACTIVE)
    used = Terminal.objects.get(label="2")
    used.expires_on = now().date()
    used.save()
    again = read(codes_csv(run, "staff anna", now()))
    assert [row["label"] for row in again] == ["1"]
    assert again[0]["code"] != first[0]["code"]
    assert EnrolmentCode.objects.filter(terminal__label="1", expires_at__gt=now()).count() == 1


@pytest.mark.usefixtures("_at_once")
def test_a_file_that_no_worker_is_at_is_taken_up_and_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    content = csv_of([till(label=str(number)) for number in range(7)])
    fresh, lost, died = kept(content), kept(content), kept(content)
    next_chunk(died.pk, now())
    long_ago = now() - 2 * tasks.STANDS_STILL
    Import.objects.filter(pk__in=(lost.pk, died.pk)).update(created_at=long_ago)
    Import.objects.filter(pk=died.pk).update(moved_at=long_ago)
    # A step ends behind its first chunk.
    monkeypatch.setattr(tasks, "STEP_S", -1)
    tasks.resume_imports.delay()
    states = dict(Import.objects.values_list("pk", "state"))
    assert states == {fresh.pk: State.WAITING, lost.pk: State.DONE, died.pk: State.DONE}
    assert Terminal.objects.count() == 7


def test_a_file_that_ended_long_ago_is_thrown_away_and_its_results_are_not() -> None:
    tried = through(kept(csv_of([till()]), dry=True))
    Import.objects.update(created_at="2026-01-01T00:00:00Z")
    tasks.purge_imports()
    assert not ImportChunk.objects.exclude(body=b"").exists()
    assert len(read(results_csv(tried))) == 1
    with pytest.raises(FileFault, match="not kept any more"):
        enrol_for_real(tried, None, "staff anna", now())


def test_retired_premises_get_no_tills() -> None:
    through(kept(csv_of([till()])))
    Store.objects.update(status=Life.RETIRED)
    run = through(kept(csv_of([till(label="2")])))
    assert run.rows_faulty == 1
    assert read(faults_csv(run))[0]["fault_columns"] == "store_reference"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_every_chunk_once() -> None:
    run = kept(csv_of([till(label=str(number)) for number in range(30)]))

    def work() -> None:
        try:
            running.advance(run.pk, now)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    # Whoever found the other at it has left; what is left is one worker's.
    run.refresh_from_db()
    run = through(run)
    assert (run.rows_checked, run.rows_enrolled, Terminal.objects.count()) == (30, 30, 30)


def test_retailers_bring_in_so_many_by_themselves_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    retailer = make_retailer()
    content = csv_of([till(owner=(), label=str(number)) for number in range(3)], is_one_retailers=True)
    monkeypatch.setattr(room, "OWN_TILLS_MAX", 3)
    monkeypatch.setattr(room, "OPEN_FILES_MAX", 1)
    tried = through(kept(content, retailer=retailer, dry=True))
    waiting = kept(content, retailer=retailer)
    with pytest.raises(FileFault, match="1 files are at work already"):
        kept(content, retailer=retailer)
    with pytest.raises(FileFault, match="1 files are at work already"):
        enrol_for_real(tried, None, "staff anna", now())
    through(waiting)
    with pytest.raises(FileFault, match="You have 3 tills; with 3 more"):
        kept(content, retailer=retailer)
    with pytest.raises(ChangeFault, match="You have 3 tills"):
        add_tills(Store.objects.get(), ["4"], Life.ENROLLED, "member 1 of retailer 1")
    # Staff's files know no such bound.
    assert kept(csv_of([till(label=str(number)) for number in range(9)])).rows_total == 9
