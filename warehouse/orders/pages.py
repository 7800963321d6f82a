"""The pages and forms of orders, in the order of their tabs."""

from warehouse.orders.classes_page import CLASS, CLASSES
from warehouse.orders.dead_page import DEAD
from warehouse.orders.order_form import ORDER_FORM
from warehouse.orders.orders_page import ORDER, ORDERS
from warehouse.orders.receive_form import CANCEL, RECEIVE
from warehouse.orders.reorder_page import REORDER

PAGES = (REORDER, ORDERS, ORDER, DEAD, CLASSES, CLASS)
FORMS = (ORDER_FORM, RECEIVE, CANCEL)
