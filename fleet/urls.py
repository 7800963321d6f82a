"""Addresses for people, below `portal/<int:retailer>/tills/`."""

from django.urls import path

from fleet import code_views, import_views
from fleet.service import SERVICE
from fleet.store_away import for_people
from portal.sheets.addresses import urls

urlpatterns = [
    *map(for_people, urls(SERVICE)),
    path("codes/", code_views.codes, name="tills-codes"),
    path("import/new/", import_views.new_import, name="tills-import-new"),
    path("import/", import_views.show_import, name="tills-import"),
    path("import/act/", import_views.act, name="tills-import-act"),
    path("import/faults.csv", import_views.import_faults, name="tills-import-faults"),
    path("import/tills.csv", import_views.import_results, name="tills-import-results"),
]
