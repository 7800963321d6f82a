"""The pages and forms of tills, in the order of their tabs."""

from fleet.import_pages import IMPORTS_PAGE
from fleet.store_forms import FORMS as STORE_FORMS
from fleet.store_pages import STORE_PAGE, STORES_PAGE
from fleet.till_forms import FORMS as TILL_FORMS
from fleet.till_pages import TILL_PAGE, TILLS_PAGE
from portal.sheets.pages import Service

SERVICE = Service(
    name="tills",
    title="Tills",
    pages=(TILLS_PAGE, STORES_PAGE, IMPORTS_PAGE, TILL_PAGE, STORE_PAGE),
    forms=(*STORE_FORMS, *TILL_FORMS),
)
