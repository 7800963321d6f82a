"""One spelling for each mailbox and phone, and what is shown of them."""

import pytest

from possys.contact import NotAPhoneError, mailbox_of, masked, normalise_phone


@pytest.mark.parametrize(
    ("text", "region"),
    [("601 123 456", "CZ"), ("+420601123456", "DE"), ("00420 601-123-456", "CZ"), ("(+420) 601/123456", "CZ")],
)
def test_a_phone_has_one_spelling(text: str, region: str) -> None:
    assert normalise_phone(text, region) == "+420601123456"


@pytest.mark.parametrize("text", ["", "12", "abc", "+420 1", "224 123 456", "112", "+420" + "6" * 30])
def test_what_gets_no_text_messages_is_refused(text: str) -> None:
    with pytest.raises(NotAPhoneError):
        normalise_phone(text, "CZ")


def test_what_counts_as_one_mailbox_and_what_is_shown() -> None:
    assert mailbox_of("Jana+shop@Example.org") == "jana@example.org"
    assert masked("jana@example.org") == "j•••@example.org"
    assert masked("+420601123456") == "+420•••456"
