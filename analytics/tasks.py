"""Where Celery looks for the dashboards' tasks; those of each part are in its own folder."""

from analytics.pairs import tasks as pairs_tasks
from analytics.peers import tasks as peers_tasks

__all__ = ["pairs_tasks", "peers_tasks"]
