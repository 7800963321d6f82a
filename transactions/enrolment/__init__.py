"""How a till gets in and stays in: enrolment codes, the exchange for a credential, its renewal (docs/enrolment.md).

codes.py, requests.py, weak_keys.py   pure: what codes and requests look like
operations.py                         issuing, exchanging, renewing; refusals.py says why not
api.py, views.py                      what tills call, and the page behind the QR code
"""

from transactions.enrolment.operations import exchange, issue_code, issue_codes, renew, terminal_of

__all__ = ["exchange", "issue_code", "issue_codes", "renew", "terminal_of"]
