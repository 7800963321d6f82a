"""Retailers' dashboards, on roll-ups of the feed."""
