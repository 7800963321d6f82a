"""Staff's search by receipt code: typed, scanned or pasted as the link that a receipt's QR code holds."""

from ledger.admin_entries import entry_url
from possys.codes import CODE_LENGTH, CodeError, Environment
from possys.links import LINKED_LENGTH
from possys.receipt_keys import table
from possys.search import Hit, Looker, register

VIEW_ENTRIES = "ledger.view_entry"


def find_receipts(term: str) -> list[Hit]:
    """The receipt of a code, which is decrypted and not looked up: its page says whether there is such a sale."""
    text = term.rstrip("/").rpartition("/")[2]
    symbols = "".join(filter(str.isalnum, text))
    try:
        place = table().decode(symbols[:CODE_LENGTH] if len(symbols) == LINKED_LENGTH else text)
    except CodeError:
        return []
    code = table().encode(place.environment, place.day, place.terminal, place.sequence)
    kind = "receipt" if place.environment == Environment.PRODUCTION else "test receipt"
    said = f"{kind} of terminal {place.terminal}, sequence {place.sequence}, {place.day}"
    return [Hit(f"Receipt {code}", said, entry_url(code), "receipt_long", is_exact=True)]


def register_looker() -> None:
    """Called once, when the app is ready."""
    register(Looker("receipts", VIEW_ENTRIES, find_receipts, 0))
