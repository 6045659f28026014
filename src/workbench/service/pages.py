"""The page that says what a service takes: plain HTML from its OpenAPI description, no scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1c1e21; background: #fff }
h2 { margin-top: 2.5rem; border-top: 1px solid #d7dae0; padding-top: 1rem }
h2 b { color: #0b6e4f; margin-right: .6rem }
pre { background: #f3f4f6; padding: .8rem 1rem; overflow-x: auto; border-radius: .4rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
         border-bottom: 1px solid #e6e8ec }
code { font: .9em ui-monospace, monospace }
@media (prefers-color-scheme: dark) {
  body { color: #e3e5e8; background: #17191c } pre { background: #23262b }
  h2, th, td { border-color: #34383f } h2 b { color: #5fc79f }
}
"""


def docs_page(openapi: Mapping[str, Any], base_url: str, *, wants_token: bool) -> str:
    """Every operation with its fields and a line for the shell that works as it stands."""
    about = openapi["info"]
    parts = [
        f"<h1>{escape(about['title'])}</h1><p>{escape(about['description'])} Version {about['version']}. ",
        'The same for programs: <a href="openapi.json">openapi.json</a>.</p>',
    ]
    if wants_token:
        parts.append(
            "<p>Callers show the service's token: <code>Authorization: Bearer …</code></p>"
        )
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            parts += _operation(openapi, method, path, operation, base_url, wants_token)
    title = escape(about["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _operation(
    openapi: Mapping[str, Any],
    method: str,
    path: str,
    operation: Mapping[str, Any],
    base_url: str,
    wants_token: bool,
) -> Iterator[str]:
    yield f"<h2><b>{method.upper()}</b>{escape(path)}</h2>"
    yield f"<p>{escape(operation.get('description') or operation['summary'])}</p>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(openapi, body.get("schema", {}))
    if "{" not in path:
        yield f"<pre>{escape(_curl(method, base_url + path[1:], schema, wants_token))}</pre>"
    if fields := schema.get("properties"):
        rows = "".join(_row(openapi, name, field, schema) for name, field in fields.items())
        yield f"<table><tr><th>field<th>what<th>when left out</tr>{rows}</table>"


def _curl(method: str, url: str, schema: Mapping[str, Any], wants_token: bool) -> str:
    words = ["curl -s", url]
    if wants_token:
        words.insert(1, '-H "Authorization: Bearer $WORKBENCH_TOKEN"')
    if method != "get":
        example = (schema.get("examples") or [{}])[0]
        words += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(example)}'"]
    return " ".join(words)


def _row(openapi: Mapping[str, Any], name: str, field: Any, schema: Mapping[str, Any]) -> str:
    needed = name in schema.get("required", ())
    default = "needed" if needed else json.dumps(field.get("default"))
    what = [_kind(openapi, field), field.get("description", "")]
    return (
        f"<tr><td><code>{escape(name)}</code><td>{escape('; '.join(filter(None, what)))}"
        f"<td><code>{escape('nothing' if default == 'null' else default)}</code></tr>"
    )


def _kind(openapi: Mapping[str, Any], field: Mapping[str, Any]) -> str:
    """A field's type and bounds in words."""
    field = _resolved(openapi, field)
    if "anyOf" in field:
        kinds = (_kind(openapi, one) for one in field["anyOf"] if one.get("type") != "null")
        return " or ".join(kinds)
    if "enum" in field or "const" in field:
        return " | ".join(map(str, field.get("enum", [field.get("const")])))
    kind = str(field.get("type", "anything"))
    if kind == "array":
        kind = f"list of {_kind(openapi, field.get('items', {}))}"
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        kind += f" {low} to {high}"
    return kind


def _resolved(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema, where it is a reference that to which it refers."""
    if "$ref" in schema:
        found: Mapping[str, Any] = openapi["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return found
    return schema
