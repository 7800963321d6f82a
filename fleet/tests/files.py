"""Files of tills for tests."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from fleet.models import Import
from fleet.rows import COLUMNS, OWNER_COLUMNS
from fleet.running import next_chunk
from fleet.uploads import Uploaded, keep_file
from possys.clock import now_ms, utc
from transactions.models import Life, Retailer

Cells = tuple[str, ...]


def now() -> datetime:
    """The moment."""
    return timezone.localtime(utc(now_ms()))


def till(
    store: str = "12", label: str = "1", *, owner: Cells = ("CZ1", "Corner Shops"), name: str = "Mill Lane"
) -> Cells:
    """One row; an `owner` of () is known."""
    return (*owner, store, name, "1 Mill Lane", "Brno", "", label)


def csv_of(rows: Iterable[Cells], *, is_one_retailers: bool = False) -> bytes:
    """A file with these rows."""
    head = [name for name in COLUMNS if not (is_one_retailers and name in OWNER_COLUMNS)]
    return "\n".join(",".join(row) for row in [head, *rows]).encode()


def kept(
    content: bytes, *, retailer: Retailer | None = None, status: Life = Life.ENROLLED, dry: bool = False
) -> Import:
    """The file as it was uploaded."""
    return keep_file([content], Uploaded("tills.csv", retailer, status, dry, "staff anna"), now())


def through(run: Import) -> Import:
    """Every chunk of it."""
    while not run.is_over:
        found = next_chunk(run.pk, now())
        assert found is not None
        run = found
    return run
