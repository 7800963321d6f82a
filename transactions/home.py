"""Capture on the admin's first page: sales a second, answer times, what is refused, and a declared outage."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.urls import reverse

from possys import clock, pulse
from possys.charts import LineChart, Series, line_chart, round_top
from possys.home import Alarm, Card, Content, Showing, register
from possys.pulse import S_PER_MINUTE, Minute
from transactions.outages import Outage
from transactions.rates import SHARES, Rates, a_second, rates_of, together

VIEW_TERMINALS = "transactions.view_terminal"
VIEW_OUTAGES = "transactions.view_outage"
# An hour, and the minute that is running, which no chart shows.
MINUTES = 61
# What "now" means for shares and times: long enough for a percentile, short enough for an alarm.
NOW_MINUTES = 5
# A till waits two seconds before it goes on offline.
SLOW_MS = 2000
# Tills told to come again; a single shard's hiccup stays below.
WAITS_SHARE_MAX = 0.01
# Fewer answers say nothing about a share.
ANSWERS_MIN = 20
REASONS_SHOWN = 8
OUTCOMES = ("accepted", "replayed", "refused", "conflict", "waiting", "limited", "denied")
OUTCOME_WORDS = {
    "accepted": "accepted",
    "replayed": "sent again, known already",
    "refused": "refused",
    "conflict": "in conflict",
    "waiting": "told to come again (503)",
    "limited": "above the till’s limit (429)",
    "denied": "without a right token (401, 403)",
}
AWAY = "the cache, where all processes’ counts meet,"


class Share(NamedTuple):
    """A row of what was counted: its name, how often, and how much of all that is, 0 to 100."""

    name: str
    times: str
    percent: str
    width: int


def last_hour() -> list[Minute]:
    """The last whole minutes and the running one. Raises RedisError, OSError."""
    return pulse.minutes(MINUTES)


def sales_card(showing: Showing) -> Content:
    """Sales a second, now and over the hour."""
    minutes = showing.read(last_hour)
    whole = [rates_of(minute.counts).accepted / S_PER_MINUTE for minute in minutes[:-1]]
    now = a_second(minutes, showing.now_ms)
    highest = max(*whole, now)
    top = round_top(highest)
    chart = line_chart(
        [Series("sales", "sales a second", whole)],
        top=top,
        scale=(_rate(top), _rate(top / 2), "0"),
        times=_times(minutes),
        text=f"Sales a second in the last hour, by minute: {_rate(now)} now, {_rate(highest)} at most.",
    )
    hour = sum(whole) * S_PER_MINUTE
    figures = [
        ("a second now", _rate(now)),
        ("a second, the hour’s best minute", _rate(max(whole))),
        ("in the last hour", f"{hour:,.0f}"),
        ("made offline", _percent(together(minutes).offline_share)),
    ]
    return Content({"figures": figures, "chart": chart})


def times_card(showing: Showing) -> Content:
    """How long answers to sales took, by minute."""
    minutes = showing.read(last_hour)
    whole = [rates_of(minute.counts) for minute in minutes[:-1]]
    recent = together(minutes[-NOW_MINUTES:])
    now = {name: recent.quantile_ms(share) for name, share in SHARES.items()}
    figures = [(f"{name}, last {NOW_MINUTES} min", _ms(value)) for name, value in now.items()]
    alarms = _slow(recent, now["p99"])
    return Content({"figures": figures, "chart": times_chart(whole, _times(minutes))}, alarms)


def times_chart(rates: Sequence[Rates], times: tuple[str, ...]) -> LineChart:
    """A line for each share."""
    series = [Series(name, name, [one.quantile_ms(share) for one in rates]) for name, share in SHARES.items()]
    known = [value for one in series for value in one.values if value is not None]
    top = round_top(max(known, default=0.0), least=10.0)
    last = ", ".join(f"{one.name} {_ms(_last(one.values))}" for one in series)
    text = f"Answer times in the last hour, by minute. Last known: {last}." if known else "No answers in the last hour."
    return line_chart(series, top=top, scale=(_ms(top), _ms(top / 2), "0 ms"), times=times, text=text)


def refusals_card(showing: Showing) -> Content:
    """What sales were answered in the last hour, and why they were refused."""
    minutes = showing.read(last_hour)
    hour, recent = together(minutes), together(minutes[-NOW_MINUTES:])
    outcomes = [(OUTCOME_WORDS[name], hour.outcomes.get(name, 0.0)) for name in OUTCOMES]
    reasons = sorted(hour.refusals.items(), key=lambda one: -one[1])
    context = {
        "answers": f"{hour.answers:,.0f}",
        "outcomes": _shares([one for one in outcomes if one[1] or one[0] == "accepted"], hour.answers),
        "reasons": _shares(reasons[:REASONS_SHOWN], sum(hour.refusals.values())),
        "more_reasons": max(0, len(reasons) - REASONS_SHOWN),
        "waits_now": _percent(recent.waits_share),
        "now_minutes": NOW_MINUTES,
    }
    return Content(context, _waiting(recent))


def outage_card(showing: Showing) -> Content:
    """What was declared and goes on; empty, and not shown, when nothing is."""
    still = list(Outage.objects.filter(ended_at=None).order_by("began_at"))
    url = reverse("admin:transactions_outage_changelist")
    alarms = tuple(
        Alarm(
            f"Declared since {one.began_at:%Y-%m-%d %H:%M} UTC: {one.get_kind_display()}. {one.reason}",
            "Tills are told so, and their time to send does not run. When it is over, end it on its page.",
            reverse("admin:transactions_outage_change", args=[one.pk]),
        )
        for one in still
    )
    return Content({"outages": still, "url": url, "is_hidden": not still}, alarms)


def _slow(recent: Rates, p99_ms: float | None) -> tuple[Alarm, ...]:
    if p99_ms is None or recent.times.observed < ANSWERS_MIN or p99_ms < SLOW_MS:
        return ()
    return (
        Alarm(
            f"One answer in a hundred takes {_ms(p99_ms)} or longer: tills wait two seconds, then go on offline.",
            "Look at the capture store first (its disk's fsync, memory, another program on its machine), then at the "
            "web servers' load. Nothing is lost: what was not answered is sent again.",
            is_symptom=True,
        ),
    )


def _waiting(recent: Rates) -> tuple[Alarm, ...]:
    share = recent.waits_share
    if share is None or share < WAITS_SHARE_MAX or recent.answers + recent.faults < ANSWERS_MIN:
        return ()
    return (
        Alarm(
            f"{_percent(share)} of the sales of the last {NOW_MINUTES} minutes were told to come again.",
            "Something that capture needs is away or full. See the backlog below; manage.py health names a stopped "
            "shard, and the answers' problem documents name the reason. If it lasts, declare an outage (Registry, "
            "Outages).",
            is_symptom=True,
        ),
    )


def _shares(counted: Iterable[tuple[str, float]], of: float) -> list[Share]:
    return [
        Share(name, f"{count:,.0f}", _percent(count / of if of else None), round(100 * count / of) if of else 0)
        for name, count in counted
    ]


def _times(minutes: Sequence[Minute]) -> tuple[str, ...]:
    """The first, middle and last whole minute."""
    whole = minutes[:-1]
    return tuple(f"{clock.utc(whole[place].start_ms):%H:%M}" for place in (0, len(whole) // 2, -1))


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    percent = 100 * share
    return f"{percent:.2f} %" if 0 < percent < 1 else f"{percent:.1f} %" if percent % 1 else f"{percent:.0f} %"


def register_cards() -> None:
    """Called once, when the app is ready."""
    cards = (
        Card("outages", "Declared outages", VIEW_OUTAGES, 1, "admin/transactions/_outages.html", outage_card),
        Card("sales", "Sales", VIEW_TERMINALS, 10, "admin/transactions/_sales.html", sales_card, AWAY),
        Card("times", "Answer times", VIEW_TERMINALS, 11, "admin/transactions/_times.html", times_card, AWAY),
        Card("refusals", "Answers of the last hour", VIEW_TERMINALS, 12, "admin/transactions/_refusals.html",
             refusals_card, AWAY),
    )  # fmt: skip
    for card in cards:
        register(card)
