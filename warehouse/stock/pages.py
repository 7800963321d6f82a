"""Stock's pages and forms, in the order of their tabs."""

from warehouse.stock.count_list import COUNT_LIST
from warehouse.stock.finding_pages import FINDINGS, LOTS
from warehouse.stock.forms import FORMS as DOCUMENT_FORMS
from warehouse.stock.item_forms import FORMS as ITEM_FORMS
from warehouse.stock.item_pages import ITEMS_PAGE, SUPPLIERS_PAGE
from warehouse.stock.level_pages import LEVELS
from warehouse.stock.movement_pages import DOCUMENT, MOVEMENTS
from warehouse.stock.product_pages import PRODUCT
from warehouse.stock.value_pages import VALUE

PAGES = (
    LEVELS,
    PRODUCT,
    COUNT_LIST,
    MOVEMENTS,
    DOCUMENT,
    FINDINGS,
    VALUE,
    LOTS,
    ITEMS_PAGE,
    SUPPLIERS_PAGE,
)
FORMS = (*DOCUMENT_FORMS, *ITEM_FORMS)
