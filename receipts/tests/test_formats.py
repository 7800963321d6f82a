"""Figures, times and words of a receipt in each language, and the sentences about a faulty code."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from possys.codes import CodeCheckError, CodeError, CodeLengthError, CodeNotGenuineError, CodeSymbolError
from receipts.templatetags import receipt_format
from receipts.templatetags.code_fault import code_fault

LANGUAGES = ("en", "cs", "de", "sr-latn")
AT = "2026-11-23T09:05:00+01:00"
WRITTEN: dict[str, dict[str, Any]] = {
    "money": {
        "args": (-123456, "CZK"),
        "en": "-CZK\u00a01,234.56",
        "cs": "-1\u00a0234,56\u00a0Kč",
        "de": "-1.234,56\u00a0CZK",
        "sr-latn": "-1.234,56\u00a0CZK",
    },
    "amount": {
        "args": (110300, "EUR"),
        "en": "1,103.00",
        "cs": "1\u00a0103,00",
        "de": "1.103,00",
        "sr-latn": "1.103,00",
    },
    "unit_price": {"args": ("189.99", "EUR"), "en": "1.8999", "cs": "1,8999", "de": "1,8999", "sr-latn": "1,8999"},
    "plain": {"args": ("0.312",), "en": "0.312", "cs": "0,312", "de": "0,312", "sr-latn": "0,312"},
    "percent": {"args": ("9.50",), "en": "9.5%", "cs": "9,5\u00a0%", "de": "9,5\u00a0%", "sr-latn": "9,5%"},
    "moment": {
        "args": (AT,),
        "en": "23 November 2026, 09:05:00",
        "cs": "23. listopadu 2026 9:05:00",
        "de": "23. November 2026, 09:05:00",
        "sr-latn": "23. novembar 2026. 09:05:00",
    },
    "moment_like": {
        "args": ("2026-11-23T08:05:09.250Z", AT),
        "en": "23 November 2026, 09:05:09",
        "cs": "23. listopadu 2026 9:05:09",
        "de": "23. November 2026, 09:05:09",
        "sr-latn": "23. novembar 2026. 09:05:09",
    },
    "day": {
        "args": (AT,),
        "en": "23 November 2026",
        "cs": "23. listopadu 2026",
        "de": "23. November 2026",
        "sr-latn": "23. novembar 2026.",
    },
    "offset": {"args": (AT,), "en": "UTC+01:00", "cs": "UTC+01:00", "de": "UTC+01:00", "sr-latn": "UTC+01:00"},
    "method_name": {"args": ("cash",), "en": "Cash", "cs": "Hotově", "de": "Bar", "sr-latn": "Gotovina"},
    "kind_name": {"args": ("tip",), "en": "Tip", "cs": "Spropitné", "de": "Trinkgeld", "sr-latn": "Napojnica"},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WRITTEN)
def test_each_language_writes_it_its_own_way(name: str, language: str) -> None:
    with translation.override(language):
        assert getattr(receipt_format, name)(*WRITTEN[name]["args"]) == WRITTEN[name][language]


def test_every_way_of_paying_and_kind_of_line_has_a_word_in_each_language() -> None:
    for names in (receipt_format.METHODS, receipt_format.KINDS):
        for language in LANGUAGES[1:]:
            with translation.override(language):
                translated = [str(word) for word in names.values()]
            assert len(set(translated)) == len(names)
            assert [word for word in translated if not word] == []


@pytest.mark.parametrize(
    "fault", [CodeLengthError(7), CodeSymbolError("*", 3), CodeCheckError(), CodeNotGenuineError()]
)
def test_english_customers_and_programs_read_the_same_sentence(fault: CodeError) -> None:
    assert code_fault(fault) == str(fault)


def test_what_is_wrong_with_a_code_is_said_in_the_customer_s_language() -> None:
    with translation.override("cs"):
        assert code_fault(CodeLengthError(7)) == "Kód účtenky má 16 písmen a číslic, tento jich má 7."
        form = render_to_string("receipts/_code_form.html", {"fault": CodeSymbolError("\u200b", 3)})
    assert "U+200B" in form
    assert "does not occur" not in form
