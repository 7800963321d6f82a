"""Shops of the same kind: which they are, what may be said of them, and when (docs/decisions/0018-peers.md)."""
