"""The page's modules as one module, and its style sheet, for a notebook."""

from __future__ import annotations

import functools
import re
from pathlib import Path

STATIC = Path(__file__).parent / "server" / "static"
ENTRY = "notebook.js"
IMPORT = re.compile(r'^import \{(\s*\w+(?:,\s*\w+)*,?\s*)\} from "\./(\w+\.js)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
# A line of a style sheet that has a selector: others end with a semicolon or a brace.
SELECTOR = re.compile(r"^( *)(?!\.skactive\b|@|from|to|\d)(\S[^;{}\n]*)(?=,$| \{$)", re.MULTILINE)


@functools.cache
def script() -> str:
    """Return one module with the content of all that a notebook needs."""
    return f"{bundled(STATIC, ENTRY)}\nexport default {{ render: {_name_of(ENTRY)}.render }};\n"


def bundled(folder: Path, entry: str) -> str:
    """Return modules of a folder as constants, each after those that it imports.

    A module becomes a function with its own scope, which returns its exports: equal names of two
    modules do not collide.

    Parameters
    ----------
    folder : Path
        The folder.
    entry : str
        The file of the module that is wanted with all that it imports.

    Raises
    ------
    ValueError
        If modules import each other in a circle, or have other forms of imports and exports than
        those of the page.
    """
    parts: dict[str, str] = {}
    _add(folder, entry, parts, ())
    return "\n".join(parts.values())


def _add(folder: Path, file: str, parts: dict[str, str], importers: tuple[str, ...]) -> None:
    """Add a module after those that it imports."""
    if file in importers:
        raise ValueError(f"Modules import each other in a circle: {', '.join([*importers, file])}.")
    if file in parts:
        return
    source = (folder / file).read_text(encoding="utf-8")
    for _, other in IMPORT.findall(source):
        _add(folder, other, parts, (*importers, file))
    exported = ", ".join(EXPORT.findall(source))
    body = IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_name_of(found[2])};", source)
    body = EXPORT.sub("", body)
    if left := LEFT.search(body):
        raise ValueError(f"{file} has a line that no function can have: {left[0]}")
    parts[file] = f"const {_name_of(file)} = (() => {{\n{body}return {{ {exported} }};\n}})();"


def _name_of(file: str) -> str:
    return f"{file.removesuffix('.js')}Module"


@functools.cache
def style() -> str:
    """Return the style sheet, each rule of which is about the page's own element and its parts.

    A selector has the same precedence as on the page: that of ``:where()`` is zero.
    """
    source = (STATIC / "style.css").read_text(encoding="utf-8")
    return SELECTOR.sub(r"\1:where(.skactive) \2", source)
