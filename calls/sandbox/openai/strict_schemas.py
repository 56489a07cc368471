"""What OpenAI's strict mode takes of JSON schema, and what it answers to the rest. Pure.

Source: platform.openai.com/docs/guides/structured-outputs, "Supported schemas".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_KNOWN: Final = frozenset({"type", "description", "properties", "required", "additionalProperties", "items", "enum"})
_MOST_LEVELS: Final = 10


def problem_of(schema: object) -> str:
    """Returns what OpenAI says is wrong with a schema; "" if nothing is."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "schema must be a JSON Schema of 'type: \"object\"'."
    return next(_problems(schema, ()), "")


def _problems(schema: object, path: tuple[str, ...]) -> Iterator[str]:
    at = f"In context={path!r}, "
    if not isinstance(schema, dict) or schema.get("type") not in _TYPES:
        yield f"{at}schema must have a 'type' key."
        return
    if len(path) > 2 * _MOST_LEVELS:
        yield f"{at}the schema is nested too deeply."
        return
    for name in schema.keys() - _KNOWN:
        yield f"{at}'{name}' is not permitted."
    if schema["type"] == "object":
        yield from _problems_of_object(schema, path, at)
    if schema["type"] == "array":
        yield from _problems(schema.get("items"), (*path, "items"))


def _problems_of_object(schema: Mapping[str, Any], path: tuple[str, ...], at: str) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield f"{at}'additionalProperties' is required to be supplied and to be false."
    properties = schema.get("properties") or {}
    if set(schema.get("required") or ()) != set(properties):
        yield f"{at}'required' is required to be supplied and to be an array including every key in properties."
    for name, each in properties.items():
        yield from _problems(each, (*path, "properties", name))
