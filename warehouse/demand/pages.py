"""The pages and forms of demand, in the order of their tabs."""

from warehouse.demand.accuracy_page import ACCURACY
from warehouse.demand.demand_page import DEMAND
from warehouse.demand.forecast_page import FORECAST
from warehouse.demand.promotion_forms import PROMOTION, TAKE_BACK
from warehouse.demand.promotions_page import PROMOTIONS

PAGES = (DEMAND, FORECAST, ACCURACY, PROMOTIONS)
FORMS = (PROMOTION, TAKE_BACK)
