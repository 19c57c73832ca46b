"""Compares two versions of a JSON Schema of an OpenAPI document.

A request must still be accepted, so its schema may only become wider. A response must still be understood, so what it
always had must remain. New fields and new values of an enum in responses are no break: docs/releases.md tells clients to
expect them.
"""

from dataclasses import dataclass
from enum import Enum

# What the schemas `true` and `false` stand for.
BOOLEAN = {True: {}, False: {"enum": []}}
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class Sent(Enum):
    """The sender of the value."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True)
class Comparison:
    """The documents whose schemas are compared, and the direction of the value."""

    old: dict
    new: dict
    sent: Sent

    def breaks(self, old, new, path="", seen=frozenset()):
        """Pairs of a field's path and what is wrong with it."""
        old, new = (BOOLEAN[schema] if isinstance(schema, bool) else schema for schema in (old, new))
        # A schema that contains itself is compared once.
        place = (old.get("$ref"), new.get("$ref"))
        if all(place):
            if place in seen:
                return []
            seen |= {place}
        olds, news = variants(self.old, old), variants(self.new, new)
        # Each form that senders use needs one that receivers know.
        given, known = (olds, news) if self.sent is Sent.REQUEST else (news, olds)
        found = []
        for one in given:
            # What is wrong with an alternative of the same type says more.
            alike = [other for other in known if not is_other_type(one, other)] or known
            pairs = [(one, other) if self.sent is Sent.REQUEST else (other, one) for other in alike]
            found += min((self.of_variant(*pair, path, seen) for pair in pairs), key=len, default=[])
        return list(dict.fromkeys(found))

    def of_variant(self, old, new, path, seen):
        """The same for schemas without alternatives."""
        if self.sent is Sent.REQUEST:
            found = narrowed_request(old, new, path)
        else:
            found = changed_response(old, new, path)
        olds, news = old.get("properties", {}), new.get("properties", {})
        for name in olds.keys() & news.keys():
            found += self.breaks(olds[name], news[name], f"{path}.{name}".lstrip("."), seen)
        for key, suffix in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
                found += self.breaks(old[key], new[key], path + suffix, seen)
        return found


def resolved(document, schema):
    """The schema that references lead to."""
    while "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def variants(document, schema):
    """The alternatives of a schema, each with one type."""
    schema = resolved(document, schema)
    if parts := schema.get("allOf"):
        schema = merged([schema, *(one for part in parts for one in variants(document, part))])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            rest = {name: value for name, value in schema.items() if name != key}
            return [merged([rest, one]) for part in schema[key] for one in variants(document, part)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def merged(schemas):
    """One schema that requires what each of them does."""
    result = {}
    for schema in schemas:
        both = {"properties": {**result.get("properties", {}), **schema.get("properties", {})}}
        both["required"] = [*result.get("required", []), *schema.get("required", [])]
        result = {**result, **{key: value for key, value in schema.items() if key != "allOf"}, **both}
    return result


def values(schema):
    """The only permitted values, or nothing."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def is_other_type(sender, receiver):
    """Whether a receiver's type excludes that of the sender."""
    kinds = (sender.get("type"), receiver.get("type"))
    return kinds[1] is not None and kinds[0] != kinds[1] and kinds != ("integer", "number")


def narrowed_request(old, new, path):
    """Values that were accepted and are refused now."""
    if is_other_type(old, new):
        return [(path, f"must be of type {new['type']}")]
    found, here = [], f"{path}.".lstrip(".")
    if (allowed := values(new)) is not None:
        gone = [value for value in values(old) or [] if value not in allowed]
        if gone or values(old) is None:
            found.append((path, f"no longer accepts {', '.join(map(str, gone)) or 'all values'}"))
    if new.get("additionalProperties") is False:
        known = new.get("properties", {})
        found += [(here + name, "is removed from requests") for name in old.get("properties", {}) if name not in known]
    found += [(here + name, "is required in requests") for name in new.get("required", []) if name not in old.get("required", [])]
    found += [(path, f"has a greater {bound}") for bound in LOWER if bound in new and new[bound] > old.get(bound, float("-inf"))]
    found += [(path, f"has a smaller {bound}") for bound in UPPER if bound in new and new[bound] < old.get(bound, float("inf"))]
    found += [(path, f"has another {rule}") for rule in ("pattern", "format") if rule in new and new[rule] != old.get(rule)]
    return found


def changed_response(old, new, path):
    """What clients relied on and is not sent any more."""
    if is_other_type(new, old):
        return [(path, f"is of type {new.get('type', 'any')}")]
    found, here = [], f"{path}.".lstrip(".")
    known, required = new.get("properties", {}), new.get("required", [])
    for name in old.get("properties", {}):
        if name not in known:
            found.append((here + name, "is removed from responses"))
        elif name in old.get("required", []) and name not in required:
            found.append((here + name, "may be absent from responses"))
    if "format" in old and old["format"] != new.get("format"):
        found.append((path, f"has another format, {new.get('format')}"))
    return found
