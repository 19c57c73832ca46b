"""Compares two versions of an OpenAPI document."""

from .finding import Finding
from .schema import Comparison, Sent, resolved

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def operations(document):
    """Method and path → operation, with the parameters of its path."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [resolved(document, one) for one in [*item.get("parameters", []), *item[method].get("parameters", [])]]
                yield f"{method.upper()} {path}", item[method], {(one["in"], one["name"]): one for one in parameters}


def compare(old, new):
    """What a client of the old document would notice."""
    now = {name: (operation, parameters) for name, operation, parameters in operations(new)}
    for name, operation, parameters in operations(old):
        if name not in now:
            yield Finding(name, "", "is removed")
            continue
        found = [*of_parameters(old, new, parameters, now[name][1]), *of_body(old, new, operation, now[name][0]), *of_responses(old, new, operation, now[name][0])]
        yield from (Finding(name, detail, problem) for detail, problem in dict.fromkeys(found))


def of_parameters(old, new, before, after):
    """Pairs of a parameter and what is wrong with it."""
    for (place, name), parameter in after.items():
        if parameter.get("required") and not before.get((place, name), {}).get("required"):
            yield name, f"is required in the {place}"
    for (place, name), parameter in before.items():
        if (place, name) not in after:
            yield name, f"is removed from the {place}"
        else:
            for path, problem in Comparison(old, new, Sent.REQUEST).breaks(parameter.get("schema", {}), after[place, name].get("schema", {})):
                yield f"{name}.{path}" if path else name, problem


def of_body(old, new, before, after):
    """Pairs of a field of the request's body and what is wrong with it."""
    before, after = (resolved(document, operation.get("requestBody", {})) for document, operation in ((old, before), (new, after)))
    if after.get("required") and not before.get("required"):
        yield "", "requires a body"
    if before:
        yield from of_content(old, new, before, after, Sent.REQUEST)


def of_responses(old, new, before, after):
    """Pairs of a field of a response and what is wrong with it. Refusals are problems, which api.md describes."""
    for status, response in before["responses"].items():
        if not status.startswith("2"):
            continue
        if status not in after["responses"]:
            yield status, "is not answered any more"
            continue
        response, later = resolved(old, response), resolved(new, after["responses"][status])
        yield from ((name, "is removed from the headers") for name in response.get("headers", {}) if name not in later.get("headers", {}))
        yield from of_content(old, new, response, later, Sent.RESPONSE)


def of_content(old, new, before, after, sent):
    """The same for a body, in each of its media types."""
    for media, content in before.get("content", {}).items():
        if media not in after.get("content", {}):
            yield media, f"is removed from the {sent.value}"
        else:
            yield from Comparison(old, new, sent).breaks(content.get("schema", {}), after["content"][media].get("schema", {}))
