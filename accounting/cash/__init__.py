"""Counted cash beside what the tills took."""
