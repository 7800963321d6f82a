"""What the page of a draw's rules says: sentences, prizes, and what makes the rules impossible to change."""

from typing import Any

from ledger import notices
from lottery.draws.models import Draw
from lottery.draws.operations import round_of
from lottery.draws.statements import SERVICE, subject_of
from lottery.wording import rules_sentences, seed_sentences


def rules_page(draw: Draw) -> dict[str, Any]:
    """The page's context, in one query: where the log has the statement of the opening, None while it has not yet."""
    rules = draw.rules
    stated = notices.notices_of(SERVICE, subject_of(draw.number, "opened"))
    assert draw.rules_hash is not None
    return {
        "rules": rules,
        "prize_count": sum(prize.count for prize in rules.prizes),
        "fund": sum(prize.amount * prize.count for prize in rules.prizes),
        "sentences": rules_sentences(rules),
        "seed_sentences": seed_sentences(rules, round_number=round_of(draw)),
        "hash": bytes(draw.rules_hash).hex(),
        "leaf_index": stated[0].index if stated else None,
    }
