"""A till's week shows its hours as shades, from the first in which it ever sells, and where it is silent."""

from findings.pages.week import DAYS, HOURS, SHADES, week_of


def usual(**at: float) -> list[list[float]]:
    """Nothing but at the hours given as d<weekday>h<hour>."""
    rows = [[0.0] * HOURS for _ in range(DAYS)]
    for name, value in at.items():
        day, _, hour = name[1:].partition("h")
        rows[int(day)][int(hour)] = value
    return rows


def test_only_hours_in_which_it_sells_are_shown() -> None:
    week = week_of(usual(d0h8=2.0, d4h17=40.0), {(4, 18)})
    assert week.hours == list(range(8, 19))
    assert [day.name for day in week.days][::6] == ["Monday", "Sunday"]


def test_the_busiest_hour_has_the_darkest_shade_and_a_rare_one_is_still_seen() -> None:
    week = week_of(usual(d0h8=0.1, d4h17=40.0), ())
    assert week.days[4].squares[-1].shade == SHADES
    assert week.days[0].squares[0].shade == 1
    assert week.days[1].squares[0].shade == 0


def test_silence_is_marked_and_said() -> None:
    week = week_of(usual(d0h8=2.0, d0h9=12.0), {(0, 9)})
    one, other = week.days[0].squares
    assert (one.is_silent, one.said) == (False, "Monday 08:00, usually 2.0 sales")
    assert (other.is_silent, other.said) == (True, "Monday 09:00, usually 12 sales, nothing now")
    assert week.days[1].squares[0].said == "Tuesday 08:00, no sales"


def test_a_till_that_never_sold_has_no_hours() -> None:
    assert week_of(usual(), ()).hours == []
