"""How `make docs` builds this folder as a site that can be searched."""

from importlib.metadata import version as version_of

project = "Fieldhouse"
author = "The Fieldhouse founders"
copyright = "2026, the Fieldhouse founders"
release = version_of("fieldhouse")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

html_theme = "furo"
html_title = "Fieldhouse"
html_copy_source = False
html_show_sphinx = False
