"""The baskets of a run: read once, in a process of their own."""

import multiprocessing

from transactions.replay.baskets import sale_templates


def load_templates(count: int) -> list[bytes]:
    """Templates of baskets spread over the year (9.4 lines on average); read in a process that then ends.

    The year's arrays take half a gigabyte, which no forked load process should carry.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(sale_templates, (count,))
