"""Fonts for any script: those installed stand in where the usual one lacks a letter."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALL_BOXES = "Last Resort"  # has a box for every letter there is, and comes with matplotlib
EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO")

_told: set[str] = set()


def fit_fonts(figure: Figure) -> None:
    """Give all words of a figure fonts that have their letters.

    Warns with a UserWarning once, of each script of which no installed font has the letters.
    """
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.text import Text

    texts = figure.findobj(Text)
    letters = {ord(letter) for text in texts for letter in text.get_text() if letter.isprintable()}
    usual = FontProperties()
    lacking = letters - _letters(findfont(usual))
    if not lacking:
        return
    others, missing = _covering(frozenset(lacking))
    families = [*usual.get_family(), *others]
    for text in texts:
        text.set_fontfamily(families)
    for ax in figure.axes:
        ax.tick_params(labelfontfamily=families)
    new = {_script(letter): chr(letter) for letter in sorted(missing, reverse=True)}
    for script, letter in new.items():
        if script not in _told:
            _told.add(script)
            package = "fonts-noto-cjk" if script in EAST_ASIAN else "fonts-noto-core"
            warnings.warn(
                f"no installed font has {script} letters such as '{letter}', for which pictures show boxes: "
                f"install one that has them, such as Noto Sans (on Debian: apt install {package})",
                UserWarning,
                stacklevel=4,
            )


@cache
def _letters(path: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(path).get_charmap())


@cache
def _covering(letters: frozenset[int]) -> tuple[list[str], frozenset[int]]:
    """Installed families that have some letters, those that have most first, and letters that none has."""
    from matplotlib.font_manager import fontManager

    upright = [
        font for font in fontManager.ttflist if font.style == "normal" and not font.name.startswith(ALL_BOXES)
    ]
    found = {font.name: letters & _letters(font.fname) for font in _plainest_last(upright)}
    families: list[str] = []
    while found and found[best := max(found, key=lambda name: (len(found[name]), "Sans" in name))]:
        families.append(best)
        letters -= found[best]
        found = {name: has & letters for name, has in found.items()}
    return families, letters


def _plainest_last(fonts: Iterable[object]) -> list[Any]:
    """So that of the fonts of a family the plain one is what is looked at."""
    return sorted(fonts, key=lambda font: (font.weight == 400, "Sans" in font.name, font.name))


def _script(letter: int) -> str:
    """What the letters like this one are called."""
    return unicodedata.name(chr(letter), f"U+{letter:X}").split()[0].split("-")[0]
