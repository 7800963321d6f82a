"""How often a client may ask for codes and try them; how it is counted is in `possys.limits`."""

from possys.limits import Limit

# A family that signs in on each phone; a program that has mails sent to strangers is stopped.
CODES_FOR_CLIENT = Limit("lottery-codes", 10, 3600, guards=True)
# Wrong codes of a client, whatever the contact: five tries at each of some.
WRONG_CODES = Limit("lottery-wrong-codes", 20, 3600, guards=True)
# Receipts that a client enters: a drawer full of them, not a bazaar's.
ENTRIES = Limit("lottery-entries", 60, 3600)
