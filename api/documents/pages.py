"""Pages that show the documents to people; they load nothing from any other host ([R4]).

Their addresses are relative, so that they also work behind a proxy that adds a prefix.
"""

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""Swagger UI sets styles of elements and has its icons in data URLs."""

START_SCRIPT = """SwaggerUIBundle({
  url: "openapi/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
});
"""

_STYLE = """body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse; margin: 1rem 0; width: 100% }
th, td { border: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top }
pre { border: 1px solid #8886; padding: .6rem; white-space: pre-wrap }
code { font-size: .9em }"""

_ELSEWHERE = """<p>As a document: <a href="../asyncapi/asyncapi.json">AsyncAPI</a>,
<a href="../v1/schema/messages.json">JSON Schema of the messages</a>.
REST: <a href="../docs">OpenAPI</a>.</p>"""


def api_page() -> str:
    """Show the OpenAPI document in Swagger UI."""
    head = """<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">"""
    body = """<div id="api"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>"""
    return _page("Scorewire API", head, body)


def api_page_without_swagger_ui(hint: str) -> str:
    """Say how the page comes about, and where the document is meanwhile.

    Args:
        hint: what an operator does, as part of a sentence.
    """
    body = f"""<h1>Scorewire API</h1>
<p>Swagger UI is not installed on this server: {escape(hint)}, and start the server again.
The document itself is at <a href="openapi/openapi.json">openapi.json</a>, and the streams are
described on <a href="docs/stream">a page of their own</a>.</p>"""
    return _page("Scorewire API", f"<style>{_STYLE}</style>", body)


def stream_page(document: dict[str, Any]) -> str:
    """Show an AsyncAPI document of ours."""
    channels, components = document["channels"], document["components"]
    info = document["info"]
    parts = [
        f"<h1>{_text(info['title'])} {_text(info['version'])}</h1>",
        _paragraphs(info["description"]),
        _ELSEWHERE,
    ]
    for name, channel in channels.items():
        operations = [
            operation
            for operation in document["operations"].values()
            if operation["channel"]["$ref"] == f"#/channels/{name}"
        ]
        parts += _channel(channel, operations)
    parts += ["<h2>Tokens</h2>", _tokens(components["securitySchemes"]), "<h2>Messages</h2>"]
    for message in components["messages"].values():
        parts += _message(message, components["schemas"])
    parts += ["<h2>Parts of messages</h2>"]
    shown = {message["payload"]["$ref"] for message in components["messages"].values()}
    for name, schema in components["schemas"].items():
        if f"#/components/schemas/{name}" not in shown:
            parts += [f'<h3 id="{name}">{name}</h3>', f"<p>{_text(schema['description'])}</p>"]
            parts += [_fields(schema)]
    return _page(info["title"], f"<style>{_STYLE}</style>", "\n".join(parts))


def _channel(channel: dict[str, Any], operations: list[dict[str, Any]]) -> Iterable[str]:
    yield f"<h2>{_text(channel['title'])}</h2>"
    yield f"<pre>{_text(channel['address'])}</pre>{_paragraphs(channel['description'])}"
    for operation in operations:
        names = ", ".join(_link(message["$ref"]) for message in operation["messages"])
        yield f"<p>The server {operation['action']}s {names}: {_text(operation['summary'])}</p>"
    bound = [channel, *operations]
    queries = [way["query"] for part in bound for way in part.get("bindings", {}).values()]
    headers = [part["x-request-headers"] for part in bound if "x-request-headers" in part]
    told = {name: field["description"] for query in queries for name, field in _of(query)}
    for header in headers:
        told |= header
    yield _table(("Parameter", "Meaning"), ((f"`{name}`", text) for name, text in told.items()))
    if codes := channel.get("x-close-codes"):
        rows = ((str(row["code"]), row["meaning"], row["client"]) for row in codes)
        yield _table(("Close code", "Meaning", "Client"), rows)


def _of(schema: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    yield from schema["properties"].items()


def _tokens(schemes: dict[str, dict[str, Any]]) -> str:
    return _table(("Way", "How"), ((name, way["description"]) for name, way in schemes.items()))


def _message(message: dict[str, Any], schemas: dict[str, Any]) -> Iterable[str]:
    title = message["title"]
    yield f'<h3 id="{title}">{_text(message["name"])}</h3><p>{_text(message["summary"])}</p>'
    yield _fields(schemas[title])
    for example in message["examples"]:
        yield f"<pre>{escape(json.dumps(example['payload'], indent=2))}</pre>"


def _fields(schema: dict[str, Any]) -> str:
    if "properties" not in schema:
        return f"<p>{_type(schema)}</p>"
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{_type(field)}</td>"
        f"<td>{_text(field.get('description', ''))}</td></tr>"
        for name, field in _of(schema)
    )
    return f"<table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>{rows}</table>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema["$ref"])
    for several in ("anyOf", "allOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(json.dumps(word))}</code>" for word in schema["enum"])
    return escape(" ".join(str(schema[key]) for key in ("type", "format") if key in schema))


def _link(reference: str) -> str:
    name = escape(reference.rsplit("/", 1)[-1])
    return f'<a href="#{name}">{name}</a>'


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{_text(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_text(paragraph)}</p>" for paragraph in text.split("\n\n"))


def _text(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _page(title: str, head: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
{head}
</head>
<body>
{body}
</body>
</html>
"""
