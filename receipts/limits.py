"""How often a customer may ask for what; how it is counted is in `possys.limits`."""

from possys.limits import Limit, LimitReachedError, check, client_of, count

__all__ = [
    "PAGES",
    "REPORTS",
    "SEARCHES",
    "WATCHES",
    "WRONG_FOR_CLIENT",
    "WRONG_FOR_CODE",
    "WRONG_TOTAL_FOR_CODE",
    "Limit",
    "LimitReachedError",
    "check",
    "client_of",
    "count",
]

# A family behind one address looks through a pile of receipts; a program that tries codes is stopped.
PAGES = Limit("pages", 120, 60)
# Searches without a code: a person needs a few, and each may cost a look at a store's tills.
SEARCHES = Limit("searches", 10, 600)
# Link keys that were wrong, by code: a million are possible.
WRONG_FOR_CODE = Limit("wrong-code", 10, 3600, guards=True)
# Totals that were wrong, by code: some thousand are likely, so ten are all there are. Counted apart from the keys, lest
# whoever knows a code locks out the paper's owner by guessing totals.
WRONG_TOTAL_FOR_CODE = Limit("wrong-total", 10, 3600, guards=True)
# The same by client, who could try one total on many codes.
WRONG_FOR_CLIENT = Limit("wrong-client", 30, 3600, guards=True)
# Reports and watches make rows, and send mails to an address that somebody typed.
REPORTS = Limit("reports", 10, 3600)
WATCHES = Limit("watches", 10, 3600)
