"""What happens to a draw, each step in one DB transaction with its statement for the ledger's log.

draft -> open        two people approve exactly these rules; their hash is stated
open -> frozen       once it is due and the feed is complete up to then; root and count are stated
frozen -> drawn      once the seed exists; the winners follow from it alone
drawn -> published   two people approve exactly this transcript; winners are told
"""

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from ledger import notices
from lottery.draws import beacon, opening, statements
from lottery.draws.approvals import APPROVALS_NEEDED, approve
from lottery.draws.beacon import BeaconAnswer
from lottery.draws.errors import DrawError
from lottery.draws.freezing import EmptyListError, freeze_tickets
from lottery.draws.holding import hold
from lottery.draws.models import Draw
from lottery.draws.rules import DrandSeed, rules_hash, rules_text
from lottery.draws.secrets import new_secret
from lottery.draws.statements import SERVICE, subject_of
from lottery.entries.collecting import collect_for, is_complete_to, waiting_shards
from lottery.entries.taken_back import mark_taken_back
from lottery.prizes.carrying import add_carried
from lottery.prizes.operations import announce
from possys.accounts.models import User

# A statement holds 2,000 characters in all.
REASON_MAX = 500


def approve_opening(draw: Draw, by: User, now: datetime) -> bool:
    """One person's yes to the draft as it stands; the second one's opens it. Answers whether it is open. DrawError."""
    with transaction.atomic():
        locked = _locked(draw, Draw.State.DRAFT)
        if faults := opening.faults_of(locked, now):
            raise DrawError("; ".join(faults))
        if locked.mode == Draw.Mode.COMMIT_REVEAL and locked.sealed_secret is None:
            locked.sealed_secret = new_secret()
            locked.save(update_fields=["sealed_secret"])
        if approve(opening_subject(locked), opening_digest(locked), by, now) < APPROVALS_NEEDED:
            return False
        # Approved were the draw's own prizes; what nobody claimed before is added to them.
        add_carried(locked)
        text = rules_text(opening.rules_of(locked))
        locked.rules_text, locked.rules_hash = text, rules_hash(text)
        locked.state, locked.opened_at = Draw.State.OPEN, now
        locked.save()
        _state(locked, "opened", statements.opened(locked.number, locked.rules_hash, opening.written(now)), now)
    return True


def opening_subject(draw: Draw) -> str:
    """What approvals of the opening are filed under."""
    return f"draw {draw.number}: open"


def opening_digest(draw: Draw) -> bytes:
    """Of the rules as an approver sees them; no digest of anything while a commit-reveal draft has no secret yet."""
    if draw.mode == Draw.Mode.COMMIT_REVEAL and draw.sealed_secret is None:
        return bytes(32)
    return rules_hash(rules_text(opening.rules_of(draw)))


def postpone(draw: Draw, draws_at: datetime, by: User, reason: str, now: datetime) -> None:
    """Binds an open draw to a later seed, since it could not be frozen before the one in its rules. DrawError."""
    if not reason.strip() or len(reason) > REASON_MAX or not reason.isascii() or not reason.isprintable():
        raise DrawError(f"give a reason of 1 to {REASON_MAX} plain characters: it stands in the log for ever")
    with transaction.atomic():
        locked = _locked(draw, Draw.State.OPEN)
        if draws_at <= max(now, seed_time(locked)):
            raise DrawError("a draw can only be postponed to a later time")
        locked.postponed_to = draws_at
        locked.save(update_fields=["postponed_to"])
        statement = statements.postponed(
            locked.number, rules_hash=_hash(locked), draws_at=opening.written(draws_at), round_number=round_of(locked),
            reason=reason, at=opening.written(now),
        )  # fmt: skip
        _state(locked, "postponed", statement, now)
        _note_who(locked, "postponed", by, now)


def freeze(draw: Draw, now: datetime) -> Draw:
    """Fixes the list of tickets. DrawError says what it waits for."""
    # In DB transactions of its own, before the draw is held; what comes meanwhile stops the freeze below.
    collect_for(draw, now)
    with transaction.atomic():
        locked = _locked(draw, Draw.State.OPEN)
        if now < locked.freezes_at:
            raise DrawError(f"the list is frozen at {locked.freezes_at:%Y-%m-%d %H:%M} UTC")
        if now >= seed_time(locked):
            raise DrawError("its seed could be known already: postpone the draw to a later one first")
        if not is_complete_to(locked.freezes_at):
            raise DrawError("the feed is not complete up to the freeze yet; it is tried again by itself")
        if waiting_shards(locked):
            raise DrawError("sales with a lottery tag are still being entered; it is tried again by itself")
        mark_taken_back(locked)
        try:
            made = freeze_tickets(locked)
        except EmptyListError as fault:
            raise DrawError(f"{fault}: a draw without receipts cannot be held") from fault
        locked.state, locked.frozen_at = Draw.State.FROZEN, now
        locked.ticket_count, locked.root = made.tickets, made.root
        locked.save()
        statement = statements.frozen(
            locked.number, rules_hash=_hash(locked), count=made.tickets, root=made.root, round_number=round_of(locked),
            at=opening.written(now),
        )  # fmt: skip
        _state(locked, "frozen", statement, now)
    return locked


def draw_winners(draw: Draw, now: datetime, beacon_answer: BeaconAnswer | None = None) -> Draw:
    """Draws, from the seed and nothing else. DrawError says what is missing."""
    with transaction.atomic():
        locked = _locked(draw, Draw.State.FROZEN)
        if now < seed_time(locked):
            raise DrawError(f"the seed does not exist before {seed_time(locked):%Y-%m-%d %H:%M:%S} UTC")
        held = hold(locked, beacon_answer)
        locked.state, locked.drawn_at, locked.transcript = Draw.State.DRAWN, now, held.transcript
        locked.save()
        statement = statements.drawn(
            locked.number, seed=held.seed, transcript=publication_digest(locked), at=opening.written(now)
        )
        _state(locked, "drawn", statement, now)
    return locked


def approve_publication(draw: Draw, by: User, now: datetime) -> bool:
    """One person's yes to the result; the second one's publishes it and tells the winners. DrawError."""
    with transaction.atomic():
        locked = _locked(draw, Draw.State.DRAWN)
        if approve(publication_subject(locked), publication_digest(locked), by, now) < APPROVALS_NEEDED:
            return False
        locked.state, locked.published_at = Draw.State.PUBLISHED, now
        locked.save()
        announce(locked, now)
    return True


def publication_subject(draw: Draw) -> str:
    """What approvals of the publication are filed under."""
    return f"draw {draw.number}: publish"


def publication_digest(draw: Draw) -> bytes:
    """SHA-256 of the transcript."""
    return sha256(draw.transcript.encode("ascii")).digest()


def round_of(draw: Draw) -> int | None:
    """The beacon's round to which an open draw is bound; None in the other mode."""
    seed = draw.rules.seed
    if not isinstance(seed, DrandSeed):
        return None
    return seed.round if draw.postponed_to is None else beacon.seed_at(draw.postponed_to).round


def seed_time(draw: Draw) -> datetime:
    """Before this moment nobody can know the seed of an open draw."""
    seed, number = draw.rules.seed, round_of(draw)
    if isinstance(seed, DrandSeed):
        return beacon.time_of(seed, number)
    return draw.postponed_to or draw.draws_at


def _locked(draw: Draw, state: Draw.State) -> Draw:
    """The draw, held against other steps. Raises DrawError unless it is in the state."""
    locked = Draw.objects.select_for_update().get(pk=draw.pk)
    if locked.state != state:
        raise DrawError(f"{locked} is {locked.get_state_display()}; for this it must be {state.label}")
    return locked


def _hash(draw: Draw) -> bytes:
    assert draw.rules_hash is not None
    return bytes(draw.rules_hash)


def _state(draw: Draw, event: str, statement: str, now: datetime) -> None:
    notices.publish(SERVICE, subject_of(draw.number, event), statement, now=now)


def _note_who(draw: Draw, event: str, by: User, now: datetime) -> None:
    approve(f"draw {draw.number}: {event}", sha256(opening.written(seed_time(draw)).encode()).digest(), by, now)
