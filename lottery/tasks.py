"""Where Celery looks for the lottery's tasks; those of each part are in its own folder."""

from lottery.draws import tasks as draws_tasks
from lottery.entries import tasks as entries_tasks
from lottery.messages import tasks as messages_tasks
from lottery.players import tasks as players_tasks
from lottery.prizes import tasks as prizes_tasks
from lottery.review import tasks as review_tasks

__all__ = ["draws_tasks", "entries_tasks", "messages_tasks", "players_tasks", "prizes_tasks", "review_tasks"]
