"""The schemas of custom_resources.py as definitions of resources, so that the API server knows the objects of other programs."""

from api import Refused
from custom_resources import SCHEMAS
from waiting import eventually


def structural(schema):
    """A schema as the API server takes it: it refuses unknown fields by itself, and knows fewer words."""
    result = {key: value for key, value in schema.items() if key not in ("const", "properties", "items") and value is not False}
    if "const" in schema:
        result["enum"] = [schema["const"]]
    if "enum" in result:
        result["type"] = {bool: "boolean", str: "string", int: "integer"}[type(result["enum"][0])]
    if result.get("type") == ["string", "integer"]:
        del result["type"]
        result["x-kubernetes-int-or-string"] = True
    if schema == {"type": "object"}:
        result["x-kubernetes-preserve-unknown-fields"] = True
    if "properties" in schema:
        result["properties"] = {name: structural(value) for name, value in schema["properties"].items()}
    if "items" in schema:
        result["items"] = structural(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = structural(schema["additionalProperties"])
    return result


def plural(kind):
    """The name of a kind in paths."""
    return f"{kind.lower()}s"


def definition(group, version, kind, schema):
    """The definition of a resource."""
    own = {"type": "object", "properties": {"spec": structural(schema["properties"]["spec"])}, "required": ["spec"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural(kind)}.{group}",
            # Without it the API server refuses groups below k8s.io.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural(kind), "singular": kind.lower()},
            "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": own}}],
        },
    }  # fmt: skip


def install(api):
    """Defines all of them, and waits until the API server serves them."""
    for group_version, kinds in SCHEMAS.items():
        group, version = group_version.split("/")
        for kind, schema in kinds.items():
            api.apply(definition(group, version, kind, schema))
    for group_version, kinds in SCHEMAS.items():
        for kind in kinds:
            eventually(lambda name=(group_version, kind): (name, served(api, *name)), "the definition is served")


def served(api, version, kind):
    """Whether the API server lists the objects of a kind."""
    try:
        api.get(f"/apis/{version}/{plural(kind)}")
    except Refused:
        return False
    return True
