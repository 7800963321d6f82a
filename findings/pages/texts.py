"""What each kind of finding is called and means, what usually explains it, and what to do: for staff and the retailer.

Most findings are no fraud: a till was replaced, a printer tried, a clock set. The texts say so. Pure.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Choice(NamedTuple):
    """An answer that a retailer can choose."""

    key: str
    label: str


OTHER = Choice("other", "Something else (please say what)")
REPLACED = Choice("replaced", "The till was replaced or reset")
PRINTER_TEST = Choice("printer-test", "Test prints, or a technician at work")
TRAINING = Choice("training", "Training of new people")
STOLEN = Choice("stolen", "The till was stolen or lost")
OFFLINE = Choice("offline", "The network was down; the receipts are still on the till")
CLOSED = Choice("closed", "The shop or this till was closed")
BROKEN = Choice("broken", "The till is broken")
CLOCK_SET = Choice("clock-set", "The clock was wrong and has been set")
SOFTWARE = Choice("software", "A fault in the till's software")
RETURNS = Choice("returns", "Customers really returned so much")
MISTYPED = Choice("mistyped", "Mistakes at the till that were corrected")
LATE_CUSTOMERS = Choice("late-customers", "Customers were still in the shop")
OPEN_LATE = Choice("open-late", "We are open longer than we used to be")
NEW_PRODUCTS = Choice("new-products", "New products, not yet entered in the till")
BY_HAND = Choice("by-hand", "Sold under a general key, priced by hand")


class Words(NamedTuple):
    """The texts of one kind.

    `why` says why it is raised at all; `usual` what explains it nearly always, the most frequent first; `staff_do` and
    `owner_do` are the next step; `owner_means` is for somebody who sells bread and not software.
    """

    name: str
    why: str
    usual: Sequence[str]
    staff_do: str
    owner_means: str
    owner_do: str
    answers: Sequence[Choice]


WORDS: dict[str, Words] = {
    "gap": Words(
        name="Missing receipts",
        why="A till numbers its receipts one by one. Later numbers have come, but these have not.",
        usual=(
            "The till was offline, and its receipts are still waiting in it.",
            "A technician printed tests, or the till was replaced and counted on.",
            "A sale was begun and broken off, and the software used up its number.",
        ),
        staff_do="Within 48 hours of the sales, wait: the receipts may still come, and the finding closes itself when "
        "they do. After that, ask the retailer, and look at whether the numbers before and after are minutes or days "
        "apart.",
        owner_means="Your till counts its receipts, and we have the ones before and after, but not these. Customers "
        "who look them up are told that they have not come yet.",
        owner_do="Switch the till on and let it go online: it sends what it still holds, and this closes by itself. If "
        "the receipts were never made, tell us what happened.",
        answers=(OFFLINE, PRINTER_TEST, REPLACED, TRAINING, STOLEN, OTHER),
    ),
    "conflict": Words(
        name="Two receipts with one number",
        why="A till sent two different sales under one number. The first one counts; the second is kept as it came.",
        usual=(
            "The till's memory was reset or restored from a copy, and it counted the same numbers again.",
            "Two tills were set up with the same number.",
            "The software changed a sale after it had been sent.",
        ),
        staff_do="Compare the two: other goods at another time mean two tills or a reset; the same goods with a "
        "smaller total or another way of paying deserve a question.",
        owner_means="Your till sent two different receipts with the same number. Only the first one is recorded, so "
        "one sale is missing from your books.",
        owner_do="Ask whoever looks after your till whether it was reset or copied. If the second receipt was a "
        "real sale, enter it again under a new number, and tell us.",
        answers=(REPLACED, SOFTWARE, PRINTER_TEST, MISTYPED, OTHER),
    ),
    "silent": Words(
        name="Silent till",
        why="At these hours of the week this till nearly always sells something. Now nothing comes from it.",
        usual=(
            "The shop or this till is closed: holidays, illness, building work.",
            "The network is down and the till sells offline.",
            "The till is broken or was replaced.",
        ),
        staff_do="See whether the store's other tills are selling. If they are, ask the retailer; if none is, it is "
        "most likely closed or without a network. A till that sends again closes this by itself.",
        owner_means="We have received nothing from this till for longer than is usual at these hours.",
        owner_do="If it is selling, check its network: it must send within 48 hours. If it is not in use, tell us "
        "until when, and nobody will ask again.",
        answers=(CLOSED, OFFLINE, BROKEN, REPLACED, STOLEN, OTHER),
    ),
    "clock": Words(
        name="Wrong clock",
        why="The time on this till's receipts differs from the time at which they reach us, or goes back.",
        usual=(
            "Somebody set the clock, or summer time began or ended.",
            "The till's battery is empty, and it wakes up in the wrong year or hour.",
            "It was offline for long and sent old receipts.",
        ),
        staff_do="A jump of exactly one hour is summer time. A clock that is set back around closing time, again and "
        "again, moves sales into another day: look at the sales after the day's close.",
        owner_means="The clock in your till does not show the right time, so receipts carry a wrong time and may fall "
        "on the wrong day.",
        owner_do="Set the till's clock, best to automatic time. Receipts that were printed stay as they are.",
        answers=(CLOCK_SET, OFFLINE, SOFTWARE, BROKEN, OTHER),
    ),
    "refunds": Words(
        name="Unusual refunds and voids",
        why="This till takes back much more than its own past and other tills of its kind would suggest.",
        usual=(
            "The store's returns are all made at this one till.",
            "A campaign or a recall brought customers back.",
            "Somebody new mistypes, and corrects by void instead of by line.",
        ),
        staff_do="Open the receipts below. Refunds without a customer are mostly round, in cash, shortly after the "
        "sale, and by one operator. If they are spread over goods and people, accept it.",
        owner_means="This till gave back more money than usual. That is often quite right; sometimes it shows that "
        "somebody takes cash by refunds that no customer asked for.",
        owner_do="Look through the receipts below and ask who worked at the till. Tell us what you found; nothing "
        "changes in your books.",
        answers=(RETURNS, MISTYPED, TRAINING, PRINTER_TEST, OTHER),
    ),
    "after-close": Words(
        name="Sales after the day's close",
        why="This till keeps selling shortly after its day's close, more often than others do.",
        usual=(
            "Customers are still in the shop when the day is closed.",
            "Opening hours have changed, and the close has not.",
            "The close is made before the last delivery or invoice is entered.",
        ),
        staff_do="Compare the sales after the close with the day's cash count. Small, regular sales are customers at "
        "the door; large ones that are later voided are not.",
        owner_means="Receipts were made after you had closed the day. They count for your taxes all the same, but they "
        "are missing from your day's report.",
        owner_do="Close the day after the last customer, or move the hour of the close. Tell us if this is how your "
        "shop works.",
        answers=(LATE_CUSTOMERS, OPEN_LATE, SOFTWARE, OTHER),
    ),
    "unknown-products": Words(
        name="Products that nobody knows",
        why="Many lines of this till name no product: neither a number nor a code that was ever seen before.",
        usual=(
            "New goods are sold before they are entered.",
            "Fruit, bread or services are sold under a general key and priced by hand.",
            "The till's list of products was lost or not loaded.",
        ),
        staff_do="See whether it is one name or hundreds. One general key is a habit; hundreds of changing names with "
        "round prices deserve a question.",
        owner_means="Many of this till's lines do not say which product was sold. Your customers cannot check them, "
        "and your own figures by product leave them out.",
        owner_do="Enter these products with a number or a bar code in your till. If you mean to sell so, tell us.",
        answers=(NEW_PRODUCTS, BY_HAND, SOFTWARE, OTHER),
    ),
}
# Every answer of every kind, each once: what programs may send.
ANSWERS: dict[str, str] = {choice.key: choice.label for words in WORDS.values() for choice in words.answers}


def words_of(kind: str) -> Words:
    """The texts of a kind. Raises KeyError for one that has none."""
    return WORDS[str(kind)]
