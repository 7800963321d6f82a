"""Cases as pages show them."""

import hmac

from django.db.models import Exists, OuterRef

from receipts.cases.models import Case, Event, Photo
from receipts.cases.numbers import hash_of, read_number

# Internal notes are the staff's own.
PUBLIC_SORTS = (Event.Sort.STATE, Event.Sort.ANSWER, Event.Sort.MESSAGE)
# What a secret is compared with when there is no such case, so that both take the same time.
NO_HASH = bytes(32)


def find_case(number: str, secret: str) -> Case | None:
    """The case that both open, with `has_photo`: one query. A wrong secret is answered like a number that is none."""
    written = read_number(number) or ""
    with_photo = Case.objects.annotate(has_photo=Exists(Photo.objects.filter(case=OuterRef("pk"))))
    case = with_photo.filter(number=written).first()
    kept = bytes(case.secret_hash) if case is not None and case.secret_hash is not None else NO_HASH
    is_right = hmac.compare_digest(kept, hash_of(secret))
    return case if is_right else None


def public_events(case: Case) -> list[Event]:
    """What the customer sees of what happened, in its order: one query."""
    return list(Event.objects.filter(case=case, sort__in=PUBLIC_SORTS))


def all_events(case: Case) -> list[Event]:
    """Everything that happened, in its order, with who did it: one query."""
    return list(Event.objects.filter(case=case).select_related("by"))
