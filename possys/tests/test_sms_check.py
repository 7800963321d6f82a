"""The system check of the gateway for text messages."""

from typing import Any

import pytest

from possys.checks import text_messages_can_be_sent


@pytest.mark.parametrize(
    ("url", "token", "faults"),
    [
        ("", "", []),
        ("https://gateway.example/messages", "secret", []),
        ("http://127.0.0.1:9000/messages", "secret", []),
        ("http://gateway.example/messages", "secret", ["https://"]),
        ("https://gateway.example/messages", "", ["SMS_TOKEN"]),
        ("http://gateway.example/messages", "", ["https://", "SMS_TOKEN"]),
    ],
)
def test_a_gateway_without_encryption_or_token_is_warned_of(
    settings: Any, url: str, token: str, faults: list[str]
) -> None:
    settings.LOCAL_WORK, settings.SMS_URL, settings.SMS_TOKEN = False, url, token
    found = text_messages_can_be_sent(None)
    assert {fault.id for fault in found} <= {"possys.W005"}
    assert len(found) == len(faults)
    assert all(word in fault.msg for word, fault in zip(faults, found, strict=True))


def test_local_work_is_not_warned(settings: Any) -> None:
    settings.LOCAL_WORK, settings.SMS_URL, settings.SMS_TOKEN = True, "filesms:///folder", ""
    assert text_messages_can_be_sent(None) == []
