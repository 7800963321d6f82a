"""Rolls sales up into sums: pure, so that what the tables hold can be worked out, and checked, without a database."""
