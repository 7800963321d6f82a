"""What is answered while PostgreSQL is away, and what is no such case."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from possys.away import RETRY_AFTER_S
from possys.database.faults import is_away


@pytest.fixture
def visitor(transactional_db: None) -> Iterator[Client]:
    """Somebody with a session who comes while nothing listens at the database's address."""
    right = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    yield client
    connection.settings_dict["PORT"] = right


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/lottery/", "Hned jsme zpět"),
        ("/admin/login/", "The database does not answer"),
        ("/portal/login/", "The database does not answer"),
        ("/log/checkpoint", '"type":"urn:possys:problem:away"'),
    ],
)
def test_whatever_needs_it_is_told_to_come_again(visitor: Client, path: str, says: str) -> None:
    answer = visitor.get(path, headers={"Accept-Language": "cs"})
    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_AFTER_S))
    assert says in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_request_that_failed_is_a_line_in_the_log(visitor: Client, caplog: pytest.LogCaptureFixture) -> None:
    visitor.get("/lottery/")
    [record] = [one for one in caplog.records if one.name == "django.request"]
    assert record.getMessage() == "Service Unavailable: /lottery/, as PostgreSQL is away"
    assert record.exc_info is None


@pytest.mark.django_db
def test_a_statement_that_is_cancelled_is_a_fault_of_ours() -> None:
    with pytest.raises(OperationalError) as fault, connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(5)")
    assert not is_away(fault.value)
    assert not is_away(ValueError())
