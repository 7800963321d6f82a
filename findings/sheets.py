"""The retailer's findings in the portal and for programs: pages, the answer's form, and where they are."""

from findings.pages.answering import ANSWER
from findings.pages.lists import CLOSED, OPEN
from findings.pages.one import FINDING
from portal.sheets.pages import Service

SERVICE = Service(name="findings", title="Findings", pages=(OPEN, FINDING, CLOSED), forms=(ANSWER,))
