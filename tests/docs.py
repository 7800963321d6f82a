"""What the documentation tells people to type, for tests that type it."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def code_blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in a language, in order, exactly as they stand there."""
    text = (DOCS / page).read_text()
    return [code for found, code in FENCED.findall(text) if found == language]
