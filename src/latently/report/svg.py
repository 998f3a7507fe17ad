"""Drawings of Matplotlib in fewer bytes: the same lines, without what nobody sees."""

from __future__ import annotations

import re
from urllib.parse import quote

from latently.plots.palette import IN_THE_DARK, INK

DIGITS = 2  # of points of 1/72 inch
LONG_PATH = 2_000  # letters of a path
NUMBER = re.compile(r"-?\d+\.\d{2,}")
UNSEEN = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
PLACED = re.compile(r' (d|x|y|width|height|x1|x2|y1|y2)="([^"]*)"')
MOVED = re.compile(r"translate\([^)]*\)")
STYLED = re.compile(r' style="([^"]*)"')
COLOURED = re.compile(rf"[\w-]+: ?({'|'.join(IN_THE_DARK)})(?![0-9a-f])")
NAMED = re.compile(r' id="([^"]*)"')
SAFE_IN_ADDRESS = " !$'()*+,-./:;=?@[]^_`{|}~\n"


def compact(svg: str) -> str:
    r"""A drawing with shorter numbers, styles written once, and no names that nothing points to.

    Paper and ink change places where the page is dark.

    Examples
    --------
    >>> compact('<svg><!-- a dot --><g id="g">\n<path d="M 1.23456 2 \nL 3 4" style="fill: red"/></g></svg>')
    '<svg><style>.a0{fill: red}</style><g><path d="M1.23 2L3 4" class="a0"/></g></svg>'
    """
    svg = UNSEEN.sub("", svg)
    svg = PLACED.sub(
        lambda found: f' {found[1]}="{_path(found[2]) if found[1] == "d" else _short(found[2])}"', svg
    )
    svg = MOVED.sub(lambda found: _short(found[0]), svg)
    used = set(re.findall(r'#([^")]+)', svg))
    svg = NAMED.sub(lambda found: found[0] if found[1] in used else "", svg)
    for i, name in enumerate(sorted(used)):
        if f' id="{name}"' in svg:
            svg = re.sub(rf'(id="|#){re.escape(name)}(?=[")])', rf"\g<1>i{i}", svg)
    styles = {style: f"a{i}" for i, style in enumerate(dict.fromkeys(STYLED.findall(svg)))}
    svg = STYLED.sub(lambda found: f' class="{styles[found[1]]}"', svg)
    rules = "".join(f".{name}{{{style}}}" for style, name in styles.items()) + _in_the_dark(styles)
    svg = re.sub(r">\s+<", "><", svg).strip()
    return re.sub(r"(<svg[^>]*>)", lambda found: f"{found[1]}<style>{rules}</style>", svg, count=1)


def _in_the_dark(styles: dict[str, str]) -> str:
    """Rules for paper, ink and what lies between them; letters that no style gives a colour are ink."""
    rules = ""
    for style, name in styles.items():
        changed = [found[0].replace(found[1], IN_THE_DARK[found[1]]) for found in COLOURED.finditer(style)]
        rules += f".{name}{{{';'.join(changed)}}}" if changed else ""
    return rules and f"@media(prefers-color-scheme:dark){{svg{{fill:{IN_THE_DARK[INK]}}}{rules}}}"


def as_address(svg: str) -> str:
    """A drawing as a data address."""
    return "data:image/svg+xml," + quote(svg.replace('"', "'"), safe=SAFE_IN_ADDRESS)


def _short(text: str, digits: int = DIGITS) -> str:
    return NUMBER.sub(lambda found: f"{float(found[0]):.{digits}f}".rstrip("0").rstrip("."), text)


def _path(text: str) -> str:
    """Long lines go through many points, of which none matters by itself."""
    digits = DIGITS if len(text) < LONG_PATH else DIGITS - 1
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(_short(text, digits).split()))
