"""The log's pages of the admin in a real browser, on a desk and a telephone, light and dark; pictures of all of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from ledger.log.appending import append, new_leaf
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import FORMAT_VERSION, ArchiveLeaf, RemovalLeaf
from ledger.log.models import ArchiveMove, Checkpoint, Cosignature, LogHead, VerificationRun, WitnessContact
from ledger.log.notes import WITNESS_KEY, new_signer
from possys.clock import iso_utc, now_ms, utc
from tests.factories import make_store, make_terminals
from tests.people import make_person
from tests.tills import Till

PASSWORD = "a-password-for-browsers"
WIDTHS_PX = {"desktop": 1400, "phone": 390}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FAULTS = [
    {
        "place": "shard 7, block 12, position 3",
        "kind": "record-changed",
        "text": "the records do not have the root of the header",
    },
    {
        "place": "leaf 4711",
        "kind": "log-leaf-changed",
        "text": "the leaf does not have the hash that was kept for it: "
        "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
    },
]


@pytest.fixture
def logged(flush_everything: Callable[[], Any], ledger: Any, settings: Any) -> None:
    """Sales under several checkpoints, one witness that confirms and one that does not yet, checks, an archive."""
    settings.UNFOLD = {
        **settings.UNFOLD,
        "DASHBOARD_CALLBACK": "possys.home.dashboard",
        "SIDEBAR": {"navigation": "possys.accounts.admin.navigation"},
    }
    make_person("boss", is_superuser=True, password=PASSWORD)
    keys = [new_signer(f"{name}/possys-witness", WITNESS_KEY) for name in ("bank.example", "consumers.example")]
    settings.WITNESSES = [f"{key.verifier.vkey} https://{key.verifier.name}" for key in keys]
    settings.WITNESS_QUORUM = 1
    for number in range(4):
        till = Till(make_terminals(make_store(name=f"Oak Avenue {number}"))[0])
        till.send_batch(till.sales(20))
        flush_everything()
        catch_up()
    append([new_leaf(ArchiveLeaf(FORMAT_VERSION, "2026-11-01", 7, 70, iso_utc(now_ms())))])
    reason = "court order 17 C 5/2026 of the district court"
    append([new_leaf(RemovalLeaf(FORMAT_VERSION, 5, 1, 2, "ab" * 32, reason, iso_utc(now_ms())))])
    catch_up()
    now = utc(now_ms())
    newest = Checkpoint.objects.latest("size")
    text = newest.note.rpartition("\n\n")[0] + "\n"
    for key in keys:
        name, line = key.verifier.name, key.sign(text, now_ms() // 1000).line
        Cosignature.objects.create(checkpoint_size=newest.size, witness=name, line=line, cosigned_at=now)
        WitnessContact.objects.create(name=name, size=newest.size, cosigned_at=now)
    for days in (1, 2):
        name = f"blocks-2026-11-0{days}.sqlite"
        ArchiveMove.objects.create(
            day=f"2026-11-0{days}", blocks=70, records=70_000, bytes=9_000_000, file_name=name, moved_at=now
        )
    make_run("everything")
    make_run("sample of 20 blocks")


def make_run(scope: str, faults: list[dict[str, str]] | None = None) -> None:
    now = utc(now_ms())
    VerificationRun.objects.create(
        started_at=now,
        ended_at=now,
        scope=scope,
        log_size=7,
        blocks=4,
        records=80,
        entries=80,
        fault_count=len(faults or []),
        faults=faults or [],
    )


class Visit:
    """A person's way through the pages, with a picture of each at each width."""

    def __init__(self, page: Page, shoot: Callable[[Page, str], Path], scheme: str) -> None:
        self.page, self.shoot, self.scheme = page, shoot, scheme
        self.too_wide: list[str] = []

    def open(self, path: str, name: str) -> str:
        """Opens a page of the admin; answers its text."""
        self.page.goto(f"/admin/{path}")
        return self.seen(name)

    def seen(self, name: str) -> str:
        """Takes the pictures of what is shown."""
        for size, width in WIDTHS_PX.items():
            self.page.set_viewport_size({"width": width, "height": 900})
            self.shoot(self.page, f"log-{name}-{size}-{self.scheme}")
            if self.page.evaluate(TOO_WIDE):
                self.too_wide.append(f"{name}, {size}")
        self.page.set_viewport_size({"width": WIDTHS_PX["desktop"], "height": 900})
        return self.page.inner_text("#main")


@pytest.fixture(params=["light", "dark"])
def visit(
    request: pytest.FixtureRequest, logged: None, open_page: Callable[..., Page], shoot: Callable[[Page, str], Path]
) -> Visit:
    page = open_page(scheme=request.param)
    page.goto("/admin/")
    page.fill("[name=username]", "boss")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("text=Last sealed")
    return Visit(page, shoot, request.param)


def test_staff_sees_whether_the_ledger_is_sound_and_looks_at_the_evidence(visit: Visit) -> None:
    visit.seen("index")
    visit.page.click("a:has-text('Is the ledger sound?')")
    assert "The ledger is sound as of" in visit.seen("sound")
    visit.page.click("a:has-text('All checkpoints')")
    assert "2 of 2 witnesses" in visit.seen("checkpoints")
    visit.page.click("#result_list tbody a >> nth=0")
    assert "Computed again just now" in visit.seen("checkpoint")
    assert "confirms" in visit.open("ledger/witnesscontact/", "witnesses")
    visit.open("ledger/verificationrun/", "runs")
    visit.open("ledger/archivemove/", "archive")
    visit.page.click("#result_list tbody a >> nth=0")
    assert "blocks-2026-11-02.sqlite" in visit.seen("archived-day")
    assert "removed: court order 17 C" in visit.open("ledger/logentry/", "leaves")
    visit.page.click("#result_list tbody a >> nth=0")
    assert '"kind": "removal"' in visit.seen("leaf")
    visit.open("ledger/logentry/1/change/", "leaf-of-a-block")
    visit.page.click("a:has-text('Its block')")
    assert "under the checkpoint at" in visit.seen("block")
    assert visit.too_wide == []


def test_staff_sees_what_is_wrong_and_what_to_do(visit: Visit) -> None:
    make_run("sample of 20 blocks", FAULTS)
    LogHead.objects.update(
        fault="the log has 7 leaves with root 3f79bb7b435b0532…, LOG_STATE_FILE says that 9 leaves were signed last",
        fault_at=utc(now_ms()),
    )
    WitnessContact.objects.filter(name__startswith="consumers").update(
        fault="contradicts our log: it cosigned 9 leaves", fault_at=utc(now_ms() - 90_000)
    )
    visit.open("", "index-alarm")
    assert "There are signs that the ledger was changed: 3 alarms." in visit.open("ledger/loghead/", "sound-alarm")
    visit.page.click("a:has-text('Check: sample of 20 blocks') >> nth=0")
    assert "shard 7, block 12, position 3" in visit.seen("run-faults")
    assert "contradicts the log" in visit.open("ledger/witnesscontact/", "witnesses-alarm")
    assert visit.too_wide == []
