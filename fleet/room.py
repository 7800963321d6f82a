"""How much retailers may bring in by themselves, so that none can use up the numbers or the workers of all."""

from fleet.models import Import
from transactions.models import Terminal

# No chain has more tills; whoever has asks the operator, whose staff upload without this bound.
OWN_TILLS_MAX = 250_000
# Files at work at a time; the next one waits for its turn at its owner's.
OPEN_FILES_MAX = 5


def no_room_for_tills(retailer_id: int, more: int) -> str:
    """Why so many more tills are too many; "" when they are not."""
    there = Terminal.objects.filter(store__retailer=retailer_id).count()
    if there + more <= OWN_TILLS_MAX:
        return ""
    return (
        f"You have {there:,} tills; with {more:,} more there would be over {OWN_TILLS_MAX:,}. Ask the operator of this "
        "site to enrol them."
    )


def no_room_for_a_file(retailer_id: int) -> str:
    """Why another file must wait; "" when it need not."""
    open_files = Import.objects.filter(retailer=retailer_id, state__in=(Import.State.WAITING, Import.State.RUNNING))
    if open_files.count() < OPEN_FILES_MAX:
        return ""
    return f"{OPEN_FILES_MAX} files are at work already. Wait until one is done, or stop one."
