"""How often audit files may be made: each is seconds of work for a process that others wait for."""

from possys.limits import Limit

# A year of a chain, month by month for some stores, in one go.
FILES_OF_MEMBER = Limit("books-audit-files", 60, 600)
