"""How often an API key may ask.

Nothing here guards a secret: 160 bits need no guard, and without the cache keys work on.
"""

from possys.limits import Limit

# Ten a second for a minute: a nightly run that pages through every list of a chain is done in minutes, and a program
# gone wild leaves the pages usable for people.
REQUESTS_OF_KEY = Limit("portal-key-requests", 600, 60)
# Every wrong key costs a query. A program that goes on asking once a second with an ended key stays far below, so that
# it does not shut out the others behind the same address.
WRONG_OF_CLIENT = Limit("portal-wrong-keys", 300, 60)
# More than the keys that a person may have at once, so that only a program meets it; each leaves rows for ever.
MADE_BY_MEMBER = Limit("portal-keys-made", 60, 3600)
