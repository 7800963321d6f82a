"""Small charts: what is drawn where, and nothing where nothing is known."""

import pytest

from possys.charts import Series, bar_chart, line_chart, round_top


def test_a_line_breaks_where_nothing_is_known_and_a_lone_point_is_seen() -> None:
    chart = line_chart([Series("p50", "p50", [0, 5, None, 10, None])], top=10, scale=(), text="said")
    assert chart.lines[0].pieces == ("0,100 1,50", "2.6,0 3.4,0")
    assert chart.width == 4
    assert not chart.is_empty


def test_a_chart_of_nothing_says_so() -> None:
    assert line_chart([Series("p50", "p50", [None, None])], top=10, scale=(), text="").is_empty


def test_what_lies_above_the_top_is_drawn_at_the_top() -> None:
    assert line_chart([Series("p50", "", [20, 20])], top=10, scale=(), text="").lines[0].pieces == ("0,0 1,0",)
    (bar,) = bar_chart([(20, "is-bad")], top=10, text="").bars
    assert (bar.y, bar.height, bar.classes) == ("0", "100", "is-bad")


@pytest.mark.parametrize(
    ("highest", "least", "top"),
    [(0, 1, 1), (1, 1, 1), (1.1, 1, 2), (4.9, 1, 5), (51, 1, 100), (0.3, 0.01, 0.5), (0.2, 0.1, 0.2), (12_001, 1, 2e4)],
)  # fmt: skip
def test_a_scale_ends_at_a_round_number(highest: float, least: float, top: float) -> None:
    assert round_top(highest, least=least) == pytest.approx(top)
