"""One HTML page from sections: everything inside it, nothing fetched, every word escaped."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from latently.plots.palette import COLOURS, on
from latently.report.figure import Figure
from latently.report.interactive.encoding import script_safe
from latently.report.table import Table

LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"  # Hebrew, Arabic and their like
LEFTWARDS = re.compile(f"[{LEFT}](?:[{LEFT}\\s]*[{LEFT}])?")
LONG = 36  # letters of a name, beyond which it takes several lines
NOTHING_FETCHED = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


@dataclass(frozen=True)
class Section:
    """A part of a page."""

    title: str  # its heading
    blocks: Sequence[Markup]  # what stands below it
    attributes: Mapping[str, str] = field(default_factory=dict)  # of the element


def element(tag: str, *children: str, **attributes: str) -> Markup:
    r"""An element; children that are not markup are escaped, as are attributes.

    Words that run from right to left do not turn round what stands beside them.

    Examples
    --------
    >>> element("p", "1 < 2", title='"so"')
    '<p title="&quot;so&quot;">1 &lt; 2</p>'
    >>> element("p", "\u05d0\u05d1 (3)").count("bdi")
    2
    """
    apart = r"\g<0>" if tag == "title" else r"<bdi>\g<0></bdi>"  # a title takes no markup
    inner = "".join(
        child if isinstance(child, Markup) else LEFTWARDS.sub(apart, escape(child)) for child in children
    )
    written = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{tag}{written}>{inner}</{tag}>")


def paragraph(text: str, **attributes: str) -> Markup:
    """A paragraph."""
    return element("p", text, **attributes)


def bullets(lines: Iterable[str], **attributes: str) -> Markup:
    """A list of sentences."""
    return element("ul", *(element("li", line) for line in lines), **attributes)


def code(text: str) -> Markup:
    """Lines of a program."""
    return element("pre", element("code", text))


def links(names: Iterable[str]) -> Markup:
    """Files beside the page, each a link."""
    shown = (element("li", element("a", name, href=quote(name))) for name in names)
    return Markup(element("h3", "All files") + element("ul", *shown, class_="files"))


def tiles(facts: Iterable[tuple[str, str]]) -> Markup:
    """Numbers large enough to be seen first, each with its name."""
    pairs = (element("div", element("dt", name), element("dd", value)) for name, value in facts)
    return element("dl", *pairs, class_="tiles")


def definitions(facts: Iterable[tuple[str, str]]) -> Markup:
    """Names and what they are."""
    pairs = (Markup(element("dt", name) + element("dd", value)) for name, value in facts)
    return element("dl", *pairs, class_="facts")


def folded(title: str, content: Markup) -> Markup:
    """What is shown when it is asked for."""
    return element("details", element("summary", title), content)


def warning(title: str, lines: Sequence[str]) -> Markup:
    """A box that is not to be overlooked."""
    return element("aside", element("h3", title), bullets(lines), class_="warning")


def image(picture: Figure) -> Markup:
    """A picture, and what it shows for those who cannot see it."""
    within = "max-width:100%;height:auto"  # in a notebook, too
    return Markup(f'<img src="{picture.svg()}" alt="{escape(picture.alternative())}" style="{within}">')


def figures(pictures: Iterable[Figure]) -> Markup:
    """Pictures with their captions, two side by side; one without a neighbour has its caption there."""
    shown, drawn, beside = [], list(pictures), False
    for picture, following in zip(drawn, [*drawn[1:], None], strict=True):
        alone = not picture.wide and not beside and (following is None or following.wide)
        beside = not picture.wide and not beside
        look = "wide" if picture.wide else "lone" if alone else ""
        how = {"data-name": picture.name, **({"class_": look} if look else {})}
        shown.append(element("figure", image(picture), element("figcaption", picture.caption), **how))
    return element("div", *shown, class_="figures")


def table(content: Table) -> Markup:
    """A table; on a narrow screen it scrolls by itself."""
    head = element("tr", *(_head(content, j) for j in range(len(content.columns))))
    lines = []
    for i, (name, *cells) in enumerate(content.rows):
        marked = [
            element("td", cell, **_look(content, j, (i, j) in content.best))
            for j, cell in enumerate(cells, start=1)
        ]
        long = {"class_": "long"} if len(name) > LONG else {}
        lines.append(element("tr", element("th", name, scope="row", **long), *marked))
    title = element("caption", content.title)
    grid = element("table", title, element("thead", head), element("tbody", *lines))
    note = [paragraph(content.note, class_="note")] if content.note else []
    return element("div", element("div", grid, class_="scroll"), *note, class_="table")


def _head(content: Table, j: int) -> Markup:
    name, look = content.columns[j], _look(content, j, False)
    return element("th", name, scope="col", **look) if name else element("td", **look)


def _look(content: Table, j: int, best: bool) -> dict[str, str]:
    """The class of a cell in a column, if it needs one."""
    looks = " ".join(["best"] * best + ["prose"] * (j in content.prose))
    return {"class_": looks} if looks else {}


def side_by_side(parts: Iterable[Markup]) -> Markup:
    """Parts next to each other where there is room."""
    return element("div", *parts, class_="beside")


def replayed(data: Mapping[str, Any]) -> Section:
    """A part that the script of the page makes something of, and that is not there without it."""
    content = Markup(script_safe(data))
    script = element("script", content, type="application/json")
    attributes = {"hidden": "", "id": "replay", "data-replay": data["view"]}
    return Section("EM at work, step by step", [script], attributes)


def _scripts() -> Markup:
    """The script of all pages, and the colours of components with those of what is written on them."""
    own = files("latently.report.interactive").joinpath("page.js").read_text(encoding="utf-8")
    colours = Markup(script_safe([COLOURS, [on(one) for one in COLOURS]]))
    palette = element("script", colours, type="application/json", id="palette")
    return Markup(palette + element("script", Markup(own)))


def page(title: str, lead: str, sections: Iterable[Section], footer: str) -> str:
    """A whole page, as HTML: its heading, the sentence below it, its parts, and the last line.

    Examples
    --------
    >>> html = page("A & B", "", [Section("First", [paragraph("x < y")])], "the end")
    >>> "A &amp; B" in html, "x &lt; y" in html, "src=" in html
    (True, True, False)
    """
    style = Markup(files(__package__).joinpath("style.css").read_text(encoding="utf-8"))
    head = element(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_FETCHED}">'),
        element("title", title),
        element("style", style),
    )
    shown = (element("section", element("h2", one.title), *one.blocks, **one.attributes) for one in sections)
    body = element(
        "body",
        element("header", element("h1", title), paragraph(lead, class_="lead")),
        element("main", *shown),
        element("footer", paragraph(footer)),
        _scripts(),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def write_text(path: str | Path, text: str) -> None:
    """Write a file whole or not at all: into a neighbour first, which then takes its place.

    Raises
    ------
    OSError
        If it cannot be written; a file that was there is left as it was.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
