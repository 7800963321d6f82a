"""The font of printed receipts: how wide a text is, where its lines break, and which characters can be printed."""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from fontTools.ttLib import TTFont
from fpdf.bidi import BidiParagraph

FOLDER: Path = settings.BASE_DIR / "static" / "vendor" / "dejavu"
REGULAR = FOLDER / "DejaVuSansCondensed.ttf"
BOLD = FOLDER / "DejaVuSansCondensed-Bold.ttf"
# What stands for a character that the font has not: Chinese, most emoji.
REPLACEMENT = "\ufffd"
# Control and formatting characters have no look, but could turn the direction of what follows; surrogates are halves.
UNPRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# What follows an emoji to choose its look.
VARIATION_SELECTORS = range(0xFE00, 0xFE10)
NO_BREAK_SPACES = "\u00a0\u202f"
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
MM_FOR_POINT = 25.4 / 72


class Face(NamedTuple):
    """One weight: the advance of each character, in em."""

    path: Path
    advances: dict[int, float]


@lru_cache(maxsize=2)
def face(path: Path) -> Face:
    """Reads a font file; once a process, as it takes a tenth of a second."""
    with TTFont(path, lazy=True) as font:
        metrics, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return Face(path, {point: metrics[glyph][0] / em for point, glyph in font.getBestCmap().items()})


def clean(text: str) -> str:
    """The text in characters that the font has, composed where they can be; line ends become spaces."""
    known = _known()
    kept = []
    for character in unicodedata.normalize("NFC", text):
        if character.isspace():
            # Within an amount there must be no break.
            kept.append("\u00a0" if character in NO_BREAK_SPACES else " ")
        elif unicodedata.category(character) in UNPRINTED or ord(character) in VARIATION_SELECTORS:
            continue
        else:
            kept.append(character if ord(character) in known else REPLACEMENT)
    return "".join(kept)


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    return frozenset(face(REGULAR).advances.keys() & face(BOLD).advances.keys())


def width_mm(text: str, size_pt: float, *, bold: bool = False) -> float:
    """How wide a cleaned text is."""
    advances = face(BOLD if bold else REGULAR).advances
    return sum(advances[ord(character)] for character in text) * size_pt * MM_FOR_POINT


def wrap(text: str, size_pt: float, most_mm: float, *, bold: bool = False) -> list[str]:
    """A cleaned text in lines of at most that width: broken between words, within one that is wider than a line."""
    lines: list[str] = []
    words: list[str] = []
    space_mm = width_mm(" ", size_pt, bold=bold)
    left_mm = most_mm
    for word in text.split(" "):
        word_mm = width_mm(word, size_pt, bold=bold)
        if words and word_mm > left_mm:
            lines.append(" ".join(words))
            words, left_mm = [], most_mm
        last = word
        if word_mm > most_mm:
            *full, last = _pieces(word, size_pt, most_mm, bold=bold)
            lines.extend(full)
            word_mm = width_mm(last, size_pt, bold=bold)
        words.append(last)
        left_mm -= word_mm + space_mm
    return [*lines, " ".join(words)]


def _pieces(word: str, size_pt: float, most_mm: float, *, bold: bool) -> list[str]:
    pieces = [""]
    left_mm = most_mm
    for character in word:
        advance_mm = width_mm(character, size_pt, bold=bold)
        if advance_mm > left_mm and pieces[-1]:
            pieces.append("")
            left_mm = most_mm
        pieces[-1] += character
        left_mm -= advance_mm
    return pieces


def in_sight_order(line: str) -> str:
    """A line's characters from left to right, as a PDF draws them: Hebrew and Arabic turned (Unicode annex 9).

    Arabic letters are not joined, which would take a shaping engine; they stay readable one by one.
    """
    if not any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in line):
        return line
    drawn = BidiParagraph(line).get_reordered_characters()
    # Odd levels run to the left, where a bracket that opens looks like one that closes.
    return "".join(sign.character.translate(MIRRORED) if sign.embedding_level % 2 else sign.character for sign in drawn)
