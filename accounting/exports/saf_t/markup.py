"""XML as text, element by element, so that a file of any length is written with little memory. Pure."""

from xml.sax.saxutils import escape  # it writes, and reads nothing # nosec B406

from accounting.exports.texts import plain

# The lengths of OECD 2.0's types of text.
CODE, SHORT, MIDDLE_1, MIDDLE_2, LONG = 9, 18, 35, 70, 256


def leaf(name: str, text: str, length_max: int = LONG) -> str:
    """An element that holds text."""
    return f"<{name}>{escape(plain(text, length_max))}</{name}>"


def optional(name: str, text: str, length_max: int = LONG) -> str:
    """The same, left out where there is no text."""
    return leaf(name, text, length_max) if text else ""


def node(name: str, *children: str) -> str:
    """An element that holds elements."""
    return f"<{name}>{''.join(children)}</{name}>"
