"""Unknown products: lines that name neither sku nor GTIN, far more than usual. Pure; findings/unknown_reading.py reads.

Goods that are rung up without saying what they are ("department 4", open prices) are usual in some shops and a few
lines everywhere; much more of them than others have, or than the till had before, hides what was sold. A till's window
(findings/windows.py) is judged against both, and the larger expectation counts, so that neither a bakery that never
scans nor a till that always stood at the deli is a finding.

Lines with a sku or GTIN that the retailer never sold before are not looked at: new products are everyday.
"""

from typing import NamedTuple

from findings import chances
from findings.windows import PRIOR, Till, dispersion

# Fewer such lines in a window are nobody's business.
LINES_MIN = 20
TIMES_MIN = 3.0
# And they are such a part of the till's lines.
SHARE_MIN = 0.02
# Cases that chance alone may open among all tills, a window.
OPENS_BELOW = 0.1
# Where nothing is known.
USUAL_SHARE = 0.01
# Lines come in baskets, and what a till sells changes from month to month.
PAST_DISPERSION = 0.5


class Judged(NamedTuple):
    """Unknown lines that are usual, and the chance of those that came; not corrected for how many are looked at."""

    expected: float
    chance: float


def judge_lines(till: Till) -> Judged:
    """How odd a till's unknown lines are."""
    own = till.own
    by_others = till.expected("unknown_lines", "lines", USUAL_SHARE)
    usual = by_others / own.lines if own.lines else USUAL_SHARE
    by_past = (till.past.unknown_lines + PRIOR * usual) / (till.past.lines + PRIOR) * own.lines
    expected = max(by_others, by_past)
    few = own.unknown_lines < max(LINES_MIN, SHARE_MIN * own.lines, TIMES_MIN * expected)
    if few:
        return Judged(expected, 1.0)
    spread = max(PAST_DISPERSION, dispersion(till.retailer, "unknown_lines", "lines"))
    return Judged(expected, float(chances.at_least(own.unknown_lines, expected, spread)))


def opens(judged: Judged, looked_at: int) -> bool:
    """Whether it is a finding."""
    return chances.corrected(judged.chance, looked_at) < OPENS_BELOW
