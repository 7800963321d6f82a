"""Where Celery looks for the warehouse's tasks; those of each part are in its own folder."""

from warehouse.demand import tasks as demand_tasks
from warehouse.orders import tasks as orders_tasks
from warehouse.stock import tasks as stock_tasks

__all__ = ["demand_tasks", "orders_tasks", "stock_tasks"]
