"""Where Celery looks for the tasks of stock and demand; those of each part are in its own folder."""

from warehouse.demand import tasks as demand_tasks
from warehouse.orders import tasks as orders_tasks

__all__ = ["demand_tasks", "orders_tasks"]
