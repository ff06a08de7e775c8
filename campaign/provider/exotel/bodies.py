"""Bytes become trees of text: JSON, XML and the two kinds of form, each read leniently and within limits.

Exotel answers in either notation, and writes the same field as a number here and as text there; so every leaf is text
and nothing here knows what a field means. `wire` calls it. Nothing here raises: what cannot be read is empty.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | bool | None"
Fields: TypeAlias = dict[str, Tree]

MAX_FORM_FIELDS = 200
_XML_DEPTH = 8
_BOUNDARY = re.compile(r'boundary="?([^\s";,]{1,200})', re.IGNORECASE)
_PART_NAME = re.compile(rb'[;\s]name="?([^";\r\n]*)', re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def read_answer(body: bytes) -> Fields:
    """An answer in JSON or in XML, by its first character; XML without its root element."""
    text = body.decode("utf-8-sig", "replace").strip()
    tree = _xml(text) if text.startswith("<") else _json(text)
    return tree if isinstance(tree, dict) else {}


def read_form(content_type: str, body: bytes) -> Fields:
    """A callback's fields, multipart, urlencoded or JSON; of a key that comes twice the first value stands."""
    kind = content_type.lower()
    if "json" in kind or body.lstrip()[:1] == b"{":
        return read_answer(body)
    if "multipart" in kind or body.startswith(b"--"):
        return _first_of(_parts(content_type, body))
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        return {}
    return _first_of(pairs)


def _json(text: str) -> Tree:
    try:
        tree: Tree = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_first_of_items
        )
    except (ValueError, RecursionError):
        return None
    return tree


def _first_of_items(items: list[tuple[str, Tree]]) -> Fields:
    return dict(reversed(items))


def _first_of(pairs: Iterable[tuple[str, str]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def _xml(text: str) -> Tree:
    try:
        return _branch(fromstring(text, forbid_dtd=True), _XML_DEPTH)
    except (ParseError, ValueError):
        return None


def _branch(element: Element, depth: int) -> Tree:
    """Children by name, those of one name as a list; a leaf is its text."""
    if len(element) == 0 or depth == 0:
        return element.text
    children: dict[str, list[Tree]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(_branch(child, depth - 1))
    return {name: same[0] if len(same) == 1 else same for name, same in children.items()}


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """The named parts of a multipart form. The boundary is the header's, or the body's first line."""
    named = _BOUNDARY.search(content_type)
    boundary = b"--" + named[1].encode("utf-8", "replace") if named else body.partition(b"\n")[0].rstrip()
    pieces = re.split(rb"(?:\A|\r?\n)" + re.escape(boundary), body, maxsplit=MAX_FORM_FIELDS)
    for piece in pieces[1:]:
        head, *rest = _BLANK_LINE.split(piece, maxsplit=1)
        name = _PART_NAME.search(head)
        if name and rest:
            yield name[1].decode("utf-8", "replace"), rest[0].decode("utf-8", "replace")
