"""The lottery's pages in the admin: those of each part are in its own folder; Django finds them here."""

from lottery.draws import admin as draws_admin
from lottery.entries import admin as entries_admin
from lottery.players import admin as players_admin
from lottery.prizes import admin as prizes_admin
from lottery.review import admin as review_admin

__all__ = ["draws_admin", "entries_admin", "players_admin", "prizes_admin", "review_admin"]
