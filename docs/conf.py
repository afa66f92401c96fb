"""Configuration of Sphinx. The build needs no network."""

import sys
from pathlib import Path

import skactive

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import api_reference  # noqa: E402 - it is in the folder of this file

project = "skactive"
author = "The skactive developers"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name for it
version = release = skactive.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
default_role = "literal"  # `name` in a docstring
templates_path = ["_templates"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # the docstrings are more precise than the annotations
autosummary_generate = True
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "abort_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skactive",),
    "download_all_examples": False,
    "examples_dirs": "../examples",
    "filename_pattern": r"[\\/]plot_",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": r"[\\/](?!plot_)[^\\/]*\.py$",
    "remove_config_comments": True,
    "show_signature": False,
}

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["skactive.css"]
html_title = "skactive"
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    # With more, the header of a page of 1,280 pixels has two lines.
    "header_links_before_dropdown": 3,
    "show_toc_level": 2,
}
# No sidebar: a page without subpages has no entries there, and wide tables need the space.
html_sidebars = {
    page: []
    for page in [
        "benchmarks",
        "changelog",
        "comparison",
        "experiments",
        "how_it_works",
        "index",
        "label_savings",
        "learned_metrics",
        "multilabel",
        "regression",
        "streams",
        "user_guide",
    ]
}
html_show_sourcelink = False
toc_object_entries_show_parents = "hide"  # the column is narrow

(HERE / "api.md").write_text(api_reference.page(), encoding="utf-8")


def leave_out_inherited(app, what, name, obj, skip, options):  # noqa: ARG001
    """Leave out members inherited from scikit-learn, which its own pages describe."""
    member = obj.fget if isinstance(obj, property) else obj
    home = getattr(member, "__module__", None) or ""
    return True if home.split(".")[0] not in {"", "skactive"} else None


def setup(app):
    """Register the hook above."""
    app.connect("autodoc-skip-member", leave_out_inherited)
