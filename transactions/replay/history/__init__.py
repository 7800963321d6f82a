"""A year of the real baskets as a past of the demo: sales, refunds and voids, sent once through the real capture.

    book (which span, which tills, which numbers)  ->  happenings (what was sold when)  ->  bytes of each
      ->  loader (gateways, connections)  ->  HTTP  ->  progress (how far each gateway is)

The book is written before the first sale is sent, and with the baskets it decides every byte: a loader that was killed,
or runs again on another day, makes the same sales with the same numbers.
"""
