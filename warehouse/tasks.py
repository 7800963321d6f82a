"""Where Celery looks for the warehouse's tasks; those of each part are in its own folder."""

from warehouse.orders import tasks as orders_tasks

__all__ = ["orders_tasks"]
