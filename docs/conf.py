"""Settings of the documentation. `make docs` builds it, and any warning fails the build."""

import sys
from pathlib import Path

from latently import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "latently"
author = "The latently developers"
copyright = "The latently developers, BSD-3-Clause"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
exclude_patterns = ["_build"]
needs_sphinx = "8.1"

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # types stand in the docstrings, in words
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = "latently"
html_theme_options = {
    name: {"code-font-size": "var(--font-size--small--3)"}  # 96 columns fit
    for name in ("light_css_variables", "dark_css_variables")
}
html_show_sphinx = False


def setup(app):
    """Draw the pictures before the pages are read."""
    from pictures import draw

    app.connect("builder-inited", lambda app: draw(Path(app.srcdir) / "pictures"))
