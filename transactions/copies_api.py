"""The endpoint by which a till counts a printed copy of a receipt."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from possys import clock
from possys.problems import problem
from transactions import answers, schema
from transactions.admission import CredentialReplacedError, SenderRefused
from transactions.api import ENCODER, HTTP_CREATED, HTTP_OK, TillView, body_of, credential_of, json_response, respond
from transactions.copies import (
    COPY_BYTES_MAX,
    CopyAnswer,
    CopyNotKnownError,
    CopyRefused,
    NoSuchReceiptError,
    count_copy,
    read_request,
)
from transactions.parsing import SaleBytesParser
from transactions.throttling import CopyThrottle


class CopyParser(SaleBytesParser):
    """A short body, as bytes."""

    bytes_max = COPY_BYTES_MAX


class CopiesView(TillView):
    """Copies of one receipt."""

    parser_classes = (CopyParser,)
    throttle_classes = (CopyThrottle,)

    @extend_schema(request=schema.COPY, responses=schema.COPY_ANSWER, operation_id="count_copy")
    def post(self, request: Request, code: str) -> HttpResponse:
        """Count a printed copy of a receipt, once a `request`; answers which copy it is, for the paper to say so."""
        try:
            counted = count_copy(
                code, read_request(body_of(request)), credential_of(request), clock.utc(clock.now_ms())
            )
        except NoSuchReceiptError as fault:
            return problem(404, "no-such-receipt", "No such receipt", str(fault))
        except CopyRefused as fault:
            return problem(422, "request-refused", "The copy is not counted", str(fault), errors=fault.faults)
        except SenderRefused as fault:
            return problem(403, "sender-refused", "The terminal may count no copies", f"The terminal {_said(fault)}.")
        except CredentialReplacedError:
            return respond(answers.credential_replaced())
        except CopyNotKnownError:
            detail = "It is not known yet whether there is such a receipt. Ask again with the same request."
            response = problem(503, "send-again", "Ask again", detail, retry_after_s=answers.RETRY_SOON_S)
            response["Retry-After"] = str(answers.RETRY_SOON_S)
            return response
        status = HTTP_OK if counted.is_repeated else HTTP_CREATED
        return json_response(ENCODER.encode(CopyAnswer(counted.number)), status=status)


def _said(fault: SenderRefused) -> str:
    return fault.faults[0].detail
