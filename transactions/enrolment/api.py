"""The endpoints by which a till gets its credential, renews it, and asks who it is."""

from collections.abc import Callable

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework.request import Request

from possys.limits import LimitReachedError, check, client_of, count
from possys.problems import problem
from transactions.answers import RETRY_LATER_S
from transactions.api import ENCODER, HTTP_CREATED, HTTP_OK, TillView, body_of, credential_of, json_response
from transactions.enrolment import limits, schema
from transactions.enrolment.answers import credential_answer, terminal_answer
from transactions.enrolment.operations import Given, exchange, renew, terminal_of
from transactions.enrolment.refusals import Refused
from transactions.enrolment.requests import BODY_BYTES_MAX, read_enrolment, read_renewal
from transactions.parsing import SaleBytesParser


class RequestParser(SaleBytesParser):
    """A short body, as bytes."""

    bytes_max = BODY_BYTES_MAX


class EnrolmentsView(TillView):
    """Enrolment codes, exchanged."""

    # The code is the credential here.
    authentication_classes: tuple[()] = ()  # type: ignore[assignment]
    parser_classes = (RequestParser,)

    @extend_schema(
        request=schema.ENROLMENT,
        responses=schema.ENROLLED,
        examples=schema.EXAMPLES,
        auth=[],
        operation_id="enrol",
    )
    def post(self, request: Request) -> HttpResponse:
        """Exchange a one-time enrolment code for the terminal's credential, and register its key if it has one."""
        client = client_of(request._request)

        def carry_out() -> HttpResponse:
            count(limits.REQUESTS_OF_CLIENT, client)
            check(limits.WRONG_OF_CLIENT, client)
            check(limits.WRONG_OF_ALL, limits.EVERYBODY)
            try:
                return _told(exchange(read_enrolment(body_of(request))))
            except Refused as refused:
                if refused.is_guess:
                    count(limits.WRONG_OF_CLIENT, client)
                    count(limits.WRONG_OF_ALL, limits.EVERYBODY)
                raise

        return _answered(carry_out)


class CredentialsView(TillView):
    """Credentials, renewed."""

    parser_classes = (RequestParser,)

    @extend_schema(request=schema.RENEWAL, responses=schema.RENEWED, operation_id="renew_credential")
    def post(self, request: Request) -> HttpResponse:
        """Get the next token, and register a next key if one is given; what the till has works on for some days."""

        def carry_out() -> HttpResponse:
            credential = credential_of(request)
            count(limits.RENEWALS_OF_TERMINAL, f"{credential.kind:d}-{credential.id}")
            return _told(renew(credential, read_renewal(body_of(request))))

        return _answered(carry_out)


class TerminalView(TillView):
    """The terminal that asks."""

    @extend_schema(responses=schema.TERMINAL, operation_id="show_terminal")
    def get(self, request: Request) -> HttpResponse:
        """Who am I: the terminal of the token, its status, its key and the last day of its newest token."""

        def carry_out() -> HttpResponse:
            credential = credential_of(request)
            count(limits.READS_OF_TERMINAL, f"{credential.kind:d}-{credential.id}")
            return json_response(ENCODER.encode(terminal_answer(terminal_of(credential))), status=HTTP_OK)

        return _answered(carry_out)


def _told(given: Given) -> HttpResponse:
    status = HTTP_OK if given.is_repeated else HTTP_CREATED
    response = json_response(ENCODER.encode(credential_answer(given.terminal)), status=status)
    response["Cache-Control"] = "no-store"
    return response


def _answered(carry_out: Callable[[], HttpResponse]) -> HttpResponse:
    """What was carried out, or a problem that says why it was not."""
    try:
        return carry_out()
    except Refused as refused:
        members = {"errors": refused.errors} if refused.errors else {}
        response = problem(refused.status, refused.name, refused.title, refused.detail, **members)
        if refused.status == 401:
            response["WWW-Authenticate"] = "Bearer"
        if refused.retry_after_s is not None:
            response["Retry-After"] = str(refused.retry_after_s)
        return response
    except LimitReachedError as reached:
        response = problem(429, "too-many-requests", "Too many requests", "Ask again after Retry-After.")
        response["Retry-After"] = str(reached.retry_after_s)
        return response
    except (RedisError, OSError):
        detail = "The credential could not be put to use yet. Ask again with the same request; it is not issued twice."
        response = problem(503, "send-again", "Ask again", detail, retry_after_s=RETRY_LATER_S)
        response["Retry-After"] = str(RETRY_LATER_S)
        return response
