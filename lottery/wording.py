"""The rules of a draw in sentences of the page's language."""

from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext, ngettext, ngettext_lazy

from lottery.draws.beacon import time_of
from lottery.draws.rules import DrandSeed, Rules
from lottery.templatetags.lottery_format import here, number
from receipts.templatetags.receipt_format import day, method_name, money

# From the largest; two neighbours are said: `3 days, 4 hours`. Worded as CLDR has them, by which browsers go.
UNITS = (
    (86_400, ngettext_lazy("%(count)s day", "%(count)s days", "count")),
    (3_600, ngettext_lazy("%(count)s hour", "%(count)s hours", "count")),
    (60, ngettext_lazy("%(count)s minute", "%(count)s minutes", "count")),
    (1, ngettext_lazy("%(count)s second", "%(count)s seconds", "count")),
)
# Seconds are of use in the last hour only.
SECONDS_BELOW_S = 3_600


def rules_sentences(rules: Rules) -> list[str]:
    """Which receipts take part, with how many tickets, and what a winner gets: a sentence or two for each rule."""
    parts: tuple[Callable[[Rules], list[str]], ...] = (_period, _receipts, _tickets, _caps, _winning)
    return [sentence for part in parts for sentence in part(rules)]


def seed_sentences(rules: Rules, *, round_number: int | None = None) -> list[str]:
    """Where chance comes from; `round_number` is the beacon's when the draw was postponed to another."""
    seed = rules.seed
    if isinstance(seed, DrandSeed):
        bound = round_number or seed.round
        return [
            gettext(
                "The winners follow from a random number that does not exist yet when the list is frozen: round "
                "%(round)s of drand, a public source of chance that some twenty organisations run together, due on "
                "%(time)s."
            )
            % {"round": number(bound), "time": here(time_of(seed, bound))},
            gettext(
                "Nobody can know or choose that number before, and afterwards anybody can compute the winners again "
                "from it and from the list."
            ),
        ]
    return [
        gettext(
            "The winners follow from two things: a secret of ours, whose fingerprint has been in the rules since the "
            "draw opened, and the first signature of our public log after the list is frozen."
        ),
        gettext(
            "Neither alone decides, the secret is published with the result, and anybody can then compute the winners "
            "again."
        ),
    ]


def time_left(left: timedelta) -> str:
    """How long from now, in its two largest units: `3 days, 4 hours`; static/js/lottery_clock.js says it alike."""
    rest_s = max(0, int(left.total_seconds()))
    counted = []
    for unit_s, said in UNITS if rest_s < SECONDS_BELOW_S else UNITS[:-1]:
        counted.append((rest_s // unit_s, said))
        rest_s %= unit_s
    first = next((at for at, (count, _said) in enumerate(counted) if count), len(counted) - 1)
    return ", ".join(said % {"count": count} for count, said in counted[first : first + 2])


def _period(rules: Rules) -> list[str]:
    return [
        gettext("Receipts dated %(first)s to %(last)s take part. The day printed on the receipt counts.")
        % {"first": day(rules.first_day), "last": day(rules.last_day)},
    ]


def _receipts(rules: Rules) -> list[str]:
    # A receipt that comes to less than one ticket's worth has none either.
    minimum = max(rules.minimum_total, rules.ticket_each or 0)
    modes: dict[tuple[str, ...], str] = {
        ("online",): gettext("Only receipts take part that the till sent at once; those made offline do not."),
        ("offline",): gettext("Only receipts take part that the till made while it was offline."),
    }
    return [
        gettext("A receipt must come to at least %(amount)s. Receipts in other currencies do not take part.")
        % {"amount": money(minimum, rules.currency)},
        modes.get(tuple(sorted(rules.modes)), gettext("It does not matter whether the till was online or offline.")),
        gettext("Receipts made out to a business take part, too.")
        if rules.business_receipts
        else gettext("Receipts made out to a business do not take part."),
        gettext(
            "Only sales take part. If anything on a receipt is refunded or voided before the list is frozen, the whole "
            "receipt drops out."
        ),
    ]


def _tickets(rules: Rules) -> list[str]:
    sentences = [
        gettext("Each receipt has one ticket.")
        if rules.ticket_each is None
        else gettext("A receipt has one ticket for each full %(amount)s of its total.")
        % {"amount": money(rules.ticket_each, rules.currency)}
    ]
    if rules.double_methods:
        sentences.append(
            gettext("A receipt counts double if nothing on it was paid in another way than: %(methods)s.")
            % {"methods": ", ".join(map(method_name, rules.double_methods))}
        )
    if rules.ticket_each is not None or rules.double_methods:
        sentences.append(
            ngettext(
                "A receipt has at most %(count)s ticket.",
                "A receipt has at most %(count)s tickets.",
                rules.tickets_a_receipt_max,
            )
            % {"count": number(rules.tickets_a_receipt_max)}
        )
    return sentences


def _caps(rules: Rules) -> list[str]:
    sentences = [gettext("A receipt takes part once, for the player who enters it first.")]
    if rules.one_a_store_and_day:
        sentences.append(gettext("Of the receipts of one store and day, a player can enter one."))
    sentences.append(
        ngettext(
            "A player can have at most %(count)s ticket a month.",
            "A player can have at most %(count)s tickets a month.",
            rules.monthly_tickets_max,
        )
        % {"count": number(rules.monthly_tickets_max)}
    )
    return sentences


def _winning(rules: Rules) -> list[str]:
    return [
        gettext("Every ticket is as likely to win as every other, and wins one prize at most."),
        gettext("Whoever wins is told, and must be able to show that they hold the receipt: keep it."),
        ngettext(
            "A prize that is not claimed within %(count)s day of the result goes to the next draw.",
            "A prize that is not claimed within %(count)s days of the result goes to the next draw.",
            rules.claim_days,
        )
        % {"count": number(rules.claim_days)},
    ]
