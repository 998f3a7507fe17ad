"""Formulas as MathML, which browsers draw by themselves: no script, no font and no network is needed."""

from html import escape

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

CONVERTER = LatexToMathML(annotation=True)


def converted(self, node, displaystyle: bool) -> str:
    try:
        return CONVERTER.convert_with_local_state(node.astext().strip(), displaystyle=displaystyle)
    except LatexError as error:
        logging.getLogger(__name__).warning("no MathML of %r: %s", node.astext(), error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def visit_inline(self, node) -> None:
    self.body.append(converted(self, node, displaystyle=False))
    raise nodes.SkipNode


def visit_block(self, node) -> None:
    self.body.append(f'<div class="formula">{converted(self, node, displaystyle=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    """Make this the way to draw formulas."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
