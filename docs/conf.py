"""Settings of the documentation. `make docs` builds it, and any warning fails the build."""

import sys
import tempfile
from pathlib import Path

from latently import __version__

here = Path(__file__).parent
sys.path[:0] = [str(here), str(here.parent)]  # its own extensions, and the examples

project = "latently"
author = "The latently developers"
copyright = "The latently developers, BSD-3-Clause"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "blocks",
    "mathml",
]
exclude_patterns = ["_build"]
needs_sphinx = "8.1"

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # types stand in the docstrings, in words
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

plot_formats = ["svg"]
plot_html_show_formats = plot_html_show_source_link = False
plot_working_directory = tempfile.mkdtemp()  # what blocks write does not stay
plot_apply_rcparams = True
plot_rcparams = {
    "figure.figsize": (7, 3.2),
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "latently",  # the same picture is the same file
}

html_math_renderer = "mathml"
html_theme = "furo"
html_static_path = ["style"]
html_css_files = ["guide.css"]
html_title = "latently"
html_theme_options = {
    name: {"code-font-size": "var(--font-size--small--3)"}  # 96 columns fit
    for name in ("light_css_variables", "dark_css_variables")
}
html_show_sphinx = False
html_copy_source = html_show_sourcelink = False


def skip_metadata_requests(app, what, name, obj, skip, options):
    """Leave out what scikit-learn gives every estimator for metadata routing."""
    return True if name == "get_metadata_routing" or name.endswith("_request") else None


def setup(app):
    """Let the pages of the API leave out what is not ours."""
    app.connect("autodoc-skip-member", skip_metadata_requests)
