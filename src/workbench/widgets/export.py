"""An executed notebook as one HTML page that plays from a file, with no network.

Knows nbconvert; runs no notebook.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter

# What nbconvert's page would load from elsewhere, or from nowhere now that its addresses are empty.
_NETWORK_TAGS = re.compile(
    r"<script[^>]*\bsrc=(?:[\"']{2}|[\"']?(?:https?:)?//)[^>]*>\s*</script>"
    r"|<link[^>]*\bhref=[\"']?(?:https?:)?//[^>]*/?>",
    re.IGNORECASE,
)
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def export_page(notebook_path: str | Path, html_path: str | Path) -> Path:
    """Write an executed notebook as a page whose players play; returns where it is.

    Widgets without a frame of their own show their picture or text.
    """
    notebook = nbformat.read(Path(notebook_path), as_version=4)
    notebook.metadata.pop("widgets", None)  # its state would ask for a widget manager online
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            _prefer_frame(output)
    exporter = HTMLExporter(
        mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="", widget_renderer_url=""
    )
    page, _ = exporter.from_notebook_node(
        notebook, resources={"metadata": {"name": Path(notebook_path).stem}}
    )
    target = Path(html_path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_NETWORK_TAGS.sub("", page), encoding="utf-8")
    return target


def _prefer_frame(output: Any) -> None:
    """Leave of an output what a page without a kernel can show best."""
    shown = output.get("data", {})
    shown.pop(_WIDGET_VIEW, None)
    if "text/html" in shown and "wb-frame" in shown["text/html"]:
        shown.pop("image/png", None)
