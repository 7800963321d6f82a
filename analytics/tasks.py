"""Where Celery looks for the dashboards' tasks; those of each part are in its own folder."""

from analytics.peers import tasks as peers_tasks

__all__ = ["peers_tasks"]
