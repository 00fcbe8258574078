"""Elements of HTML and SVG, and text in them that adds none, whatever it says."""

from html import escape

from ..errors import printable


def words(text: str) -> str:
    """Return text as markup that shows it; controls and broken UTF-8 are written out."""
    return escape(printable(text))


def tag(name: str, *children: str, **attributes: str | float) -> str:
    """Return an element; `class_` is class, other underscores are hyphens, numbers are rounded to hundredths."""
    written = "".join(f' {_name(key)}="{value_text(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(children)}</{name}>"


def value_text(value: str | float) -> str:
    """Return the value of an attribute."""
    return words(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def _name(key: str) -> str:
    return key if key == "viewBox" else key.rstrip("_").replace("_", "-")
