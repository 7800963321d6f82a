"""The customer site's tables: those of each part are written in its own folder; Django finds them here."""

__all__: list[str] = []
