"""The report as the page shows it: charts, and times and figures as the page's language writes them."""

from datetime import date, datetime
from typing import Any, NamedTuple

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent
from django.utils.translation import gettext as _

from possys.charts import Series, bar_chart, line_chart, round_top
from possys.language import babel_locale
from receipts.templatetags.receipt_format import ENGLISH_DATE
from status.folding import zone
from status.judging import OLDEST_LATE_S, MinuteFigures
from status.report import Day, Declared, Report
from transactions.rates import SHARES

# How often the page's script asks again.
EVERY_S = 30
# What the table lists: the newest; the chart has all.
MINUTES_LISTED = 60
# A bar of the days is well above this, in part above the next, and bad below.
DAY_GOOD, DAY_PART = 0.999, 0.99
NOTHING = "–"


class MinuteRow(NamedTuple):
    """A minute as the table shows it."""

    time: str
    sales: str
    p50: str
    p95: str
    p99: str
    waits: str
    offline: str


class DayRow(NamedTuple):
    """A day as the table shows it."""

    day: str
    share: str
    good: int
    bad: int
    idle: int
    unknown: int


class OutageRow(NamedTuple):
    """A declared outage; `until` is empty while it goes on."""

    kind: str
    since: str
    until: str


def page_of(report: Report) -> dict[str, Any]:
    """The template's context."""
    newest = report.newest
    return {
        "report": report,
        "every_s": EVERY_S,
        "verdict": report.now.verdict.value,
        "why": report.now.why.value,
        "waits_share": _percent(report.now.waits_share),
        "as_of": moment(report.as_of),
        "since": moment(report.open_outage.began_at) if report.open_outage else "",
        "newest": None if newest is None else _minute_row(newest),
        "chart": _times_chart(report),
        "oldest": _seconds(report.oldest_s),
        "is_oldest_late": (report.oldest_s or 0) >= OLDEST_LATE_S,
        "signed_at": moment(report.signed.signed_at) if report.signed and report.signed.signed_at else "",
        "unsigned": _seconds(report.signed.waiting_s) if report.signed else NOTHING,
        "minutes": [_minute_row(found) for _minute, found in reversed(report.minutes[-MINUTES_LISTED:]) if found],
        "outages": [_outage_row(one) for one in report.outages],
        "days": [_day_row(day, found) for day, found in reversed(report.days)],
        "days_chart": _days_chart(report),
        "good_share": _percent(good_share(report.days)),
        "zone": zone_name(report.as_of),
    }


def good_share(days: tuple[tuple[date, Day | None], ...]) -> float | None:
    """Of all minutes with sales or a declared outage."""
    known = [found for _day, found in days if found is not None]
    judged = sum(one.good + one.bad for one in known)
    return sum(one.good for one in known) / judged if judged else None


def moment(at: datetime) -> str:
    """A date and time by the country's clock."""
    locale, local = babel_locale(), at.astimezone(zone())
    day = format_date(local.date(), ENGLISH_DATE if locale.language == "en" else "long", locale)
    clock = format_time(local.replace(tzinfo=None), "HH:mm:ss", locale=locale)
    return f"{day}, {clock}"


def zone_name(at: datetime) -> str:
    """The country's zone: `CET`, or `UTC-05:00` where it has no name."""
    local = at.astimezone(zone())
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local.isoformat()[-6:]}"


def _times_chart(report: Report) -> Any:
    series = [
        Series(name, name, [getattr(one, f"{name}_ms") if one else None for _, one in report.minutes])
        for name in SHARES
    ]
    known = [value for one in series for value in one.values if value is not None]
    top = round_top(max(known, default=0.0), least=10.0)
    last = ", ".join(f"{one.name} {_ms(_last(one.values))}" for one in series)
    text = _("Answer times of the last six hours, by minute. The newest: %(times)s.") % {"times": last}
    places = (0, len(report.minutes) // 2, -1)
    times = [f"{report.minutes[place][0].astimezone(zone()):%H:%M}" for place in places]
    return line_chart(series, top=top, scale=(_ms(top), _ms(top / 2), _ms(0.0)), times=times, text=text)


def _days_chart(report: Report) -> Any:
    bars = [(1.0, f"is-{_grade(found)}") for _day, found in report.days]
    first, last = report.days[0][0], report.days[-1][0]
    good = sum(_grade(found) == "good" for _day, found in report.days)
    known = sum(found is not None and found.good_share is not None for _day, found in report.days)
    text = _("The last ninety days: sales were taken well on %(good)d of the %(known)d days that are known.") % {
        "good": good, "known": known,
    }  # fmt: skip
    return bar_chart(bars, top=1.0, times=(_day(first), _day(last)), text=text)


def _grade(found: Day | None) -> str:
    share = None if found is None else found.good_share
    if share is None:
        return "unknown"
    return "good" if share >= DAY_GOOD else "part" if share >= DAY_PART else "bad"


def _minute_row(found: MinuteFigures) -> MinuteRow:
    return MinuteRow(
        f"{found.minute.astimezone(zone()):%H:%M}",
        format_decimal(found.asked, locale=babel_locale()),
        _ms(found.p50_ms),
        _ms(found.p95_ms),
        _ms(found.p99_ms),
        _percent(found.waits / found.asked if found.asked else None),
        _percent(found.offline / found.accepted if found.accepted else None),
    )


def _day_row(day: date, found: Day | None) -> DayRow:
    if found is None:
        return DayRow(_day(day), NOTHING, 0, 0, 0, 0)
    return DayRow(_day(day), _percent(found.good_share), found.good, found.bad, found.idle, found.unknown)


def _outage_row(one: Declared) -> OutageRow:
    return OutageRow(one.kind, moment(one.began_at), "" if one.ended_at is None else moment(one.ended_at))


def _day(day: date) -> str:
    locale = babel_locale()
    return format_date(day, "d MMM y" if locale.language == "en" else "medium", locale)


def _last(values: Any) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _ms(value: float | None) -> str:
    if value is None:
        return NOTHING
    locale = babel_locale()
    if value >= 1000:
        return f"{format_decimal(value / 1000, '0.#', locale)} s"
    return f"{format_decimal(value, '0', locale)} ms"


def _seconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{format_decimal(value, '0.#' if value < 10 else '#,##0', babel_locale())} s"


def _percent(share: float | None) -> str:
    """A share with as many decimals as keep it from being rounded to all or nothing."""
    if share is None:
        return NOTHING
    locale = babel_locale()
    shown = min(share, 0.99999) if share < 1 else share
    pattern = locale.percent_formats[None].pattern.replace("0", "0.###", 1)
    return format_percent(shown, pattern, locale)
