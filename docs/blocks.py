"""Run the Python blocks of a page when it is built, and show each picture under the block that draws it.

A block draws a picture if it begins with `# picture: ` and what there is to see. All blocks of such a page
run from top to bottom in one namespace, by matplotlib's plot directive, as they do in `make test`. Code of
more than a few lines that only draws is folded.
"""

import re
import shlex
import shutil
from itertools import count
from pathlib import Path
from textwrap import indent

from latently.report.svg import compact

BLOCK = re.compile(
    r"^```(?P<language>python|console)\n(?:# picture: (?P<caption>.*?\n(?:# .*?\n)*))?(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SHOWN = 12  # lines


def runs(name: str, context: str, caption: str | None, code: str) -> str:
    """Write a block for the plot directive, which is to name its picture so."""
    folded = caption is not None and code.count("\n") > SHOWN
    options = [
        f":filename-prefix: {name}",
        f":context: {context}",
        f":include-source: {str(not folded).lower()}",
    ]
    if caption is None:
        options += [":nofigs:"]
    else:
        seen = caption.replace("\n# ", " ").strip()
        options += [f":alt: {seen}", f":caption: {seen}"]
    head = "\n".join(["```{eval-rst}", ".. plot::", *(f"   {option}" for option in options)])
    plotted = f"{head}\n\n{indent(code, '   ')}```\n"
    if folded:
        plotted += (
            f"\n<details><summary>The code of this picture</summary>\n\n```python\n{code}```\n\n</details>\n"
        )
    return plotted


def terminal(name: str, context: str, lines: str) -> str:
    """Show lines of a terminal, and run those that call the command without a word of it on the page."""
    calls = [shlex.split(line)[2:] for line in lines.splitlines() if line.startswith("$ latently ")]
    code = f"from latently.cli import main\nfor call in {calls!r}:\n    try:\n        main(call)\n"
    code += "    except SystemExit as ended:\n        assert not ended.code, call\n"
    options = [f":filename-prefix: {name}", f":context: {context}", ":include-source: false", ":nofigs:"]
    head = "\n".join(["```{eval-rst}", ".. plot::", *(f"   {option}" for option in options)])
    return f"```console\n{lines}```\n\n{head}\n\n{indent(code, '   ')}```\n"


def read(app, docname: str, source: list[str]) -> None:
    """Turn the blocks of a page with pictures into plot directives."""
    if "\n# picture: " not in source[0]:
        return
    number = count(1)

    def run(found: re.Match) -> str:
        n = next(number)
        context = "reset" if n == 1 else "close-figs"
        name = f"{docname.replace('/', '-')}-{n}"
        if found["language"] == "console":
            return terminal(name, context, found["code"])
        return runs(name, context, found["caption"], found["code"])

    source[0] = BLOCK.sub(run, source[0])


def keep_reports(app, exception: Exception | None) -> None:
    """Put the reports that blocks wrote where pages show them, in `replays`, and let pictures be as dark."""
    made, kept = Path(app.config.plot_working_directory), Path(app.outdir) / "replays"
    kept.mkdir(exist_ok=True)
    for page in made.glob("*.html"):
        shutil.copy(page, kept)
    for page in made.glob("*/index.html"):
        shutil.copytree(page.parent, kept / page.parent.name, dirs_exist_ok=True)
    shutil.rmtree(made)
    for picture in Path(app.outdir, "_images").glob("*.svg"):
        picture.write_text(compact(picture.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app):
    """Read pages through this."""
    app.connect("source-read", read)
    app.connect("build-finished", keep_reports)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
