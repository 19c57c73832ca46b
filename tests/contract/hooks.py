"""What Schemathesis must know in addition to the documents."""

import schemathesis

PROBLEM = "application/problem+json"


def _whole(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return value


@schemathesis.hook
def map_body(context, body):
    """Writes integers as such: for JSON Schema 1.0 is an integer, for the services it is not."""
    return _whole(body)


@schemathesis.check
def problem_code_is_documented(ctx, response, case):
    """A problem has a code that the document lists for its status."""
    if not response.headers.get("content-type", [""])[0].startswith(PROBLEM):
        return
    # The router responds to requests of unknown operations.
    if response.status_code in (404, 405) and response.json()["code"] in ("NOT_FOUND", "METHOD_NOT_ALLOWED"):
        return
    raw = case.operation.definition.raw["responses"].get(str(response.status_code))
    assert raw is not None, f"{response.status_code} is not documented"
    while "$ref" in raw:
        found = case.operation.schema.raw_schema
        for part in raw["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        raw = found
    codes = raw["content"][PROBLEM]["examples"].keys()
    problem = response.json()
    assert problem["code"] in codes, f"{problem['code']} is not documented for {response.status_code}: {', '.join(codes)}"
    assert problem["status"] == response.status_code
