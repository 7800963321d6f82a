"""What a browser says of itself, in words that its owner knows it by. Pure."""

import re

# Of the names that a browser gives, the first that fits: nearly all call themselves Chrome and Safari, too.
BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Version/[\d.]+ .*Safari/"),
)
SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)
UNKNOWN = "Unknown browser"
# Longer ones are nobody's; what follows is not looked at.
CHARACTERS_MAX = 400


def in_words(user_agent: str) -> str:
    """`Firefox on Windows`; what the browser does not say is left out. Nothing of its own text is kept."""
    said = user_agent[:CHARACTERS_MAX]
    browser, system = _first(BROWSERS, said), _first(SYSTEMS, said)
    return f"{browser or UNKNOWN} on {system}" if system else browser or UNKNOWN


def _first(names: tuple[tuple[str, str], ...], said: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, said)), "")
