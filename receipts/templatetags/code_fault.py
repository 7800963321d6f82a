"""What is wrong with a code, said in the language of the page; `possys.codes` itself speaks English, to programs."""

from django import template
from django.utils.translation import gettext as _

from possys.codes import (
    CODE_LENGTH,
    CodeCheckError,
    CodeError,
    CodeLengthError,
    CodeNotGenuineError,
    CodeSymbolError,
    shown_symbol,
)

register = template.Library()


@register.filter
def code_fault(fault: CodeError | str) -> str:
    """A sentence for the customer; a text is one already."""
    match fault:
        case CodeLengthError():
            return _("A receipt code has %(wanted)s letters and digits; this one has %(found)s.") % {
                "wanted": CODE_LENGTH,
                "found": fault.length,
            }
        case CodeSymbolError():
            return _("Character %(position)s of the code, “%(symbol)s”, does not occur in receipt codes.") % {
                "position": fault.position,
                "symbol": shown_symbol(fault.symbol),
            }
        case CodeCheckError():
            return _("The code contains a typing error. Please compare it with the receipt.")
        case CodeNotGenuineError():
            return _("This is not one of our receipt codes.")
    return str(fault)
