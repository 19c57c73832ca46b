"""What `make compatibility-check` finds, on the documents of this repository and on small ones."""

import copy
import json
import shutil
import tomllib

import pytest
from compatibility import changelog, metrics, openapi, proto, settings, values
from compatibility.finding import Finding
from rendering import CHARTS, ROOT

OPERATION = "POST /things"


def document(request, response, **operation):
    """A document with one operation."""

    def body(schema):
        return {"content": {"application/json": {"schema": schema}}}

    return {"paths": {"/things": {"post": {"requestBody": body(request), "responses": {"200": body(response)}, **operation}}}}


def thing(**properties):
    return {"type": "object", "additionalProperties": False, "required": ["id"], "properties": {"id": {"type": "string"}, **properties}}


def found(old, new):
    return [(finding.detail, finding.problem) for finding in openapi.compare(old, new)]


KIND = {"type": "string", "enum": ["a", "b"]}
NULLABLE = {"anyOf": [KIND, {"type": "null"}]}


@pytest.mark.parametrize(
    ("old", "new", "detail", "problem"),
    [
        (thing(kind=KIND), thing(kind={**KIND, "enum": ["a"]}), "kind", "no longer accepts b"),
        (thing(kind={"type": "string"}), thing(kind=KIND), "kind", "no longer accepts all values"),
        (thing(kind=NULLABLE), thing(kind=KIND), "kind", "must be of type string"),
        (thing(name=KIND), thing(name=KIND) | {"required": ["id", "name"]}, "name", "is required in requests"),
        (thing(name=KIND), thing(), "name", "is removed from requests"),
        (thing(name={"type": "string"}), thing(name={"type": "string", "maxLength": 5}), "name", "has a smaller maxLength"),
        (thing(of={"type": "array", "items": thing(n=KIND)}), thing(of={"type": "array", "items": thing()}), "of[].n", "is removed from requests"),
    ],
)
def test_a_request_that_is_not_accepted_any_more_is_found(old, new, detail, problem):
    assert found(document(old, {}), document(new, {})) == [(detail, problem)]
    # The other way round it accepts more.
    assert found(document(new, {}), document(old, {})) == []


@pytest.mark.parametrize(
    ("old", "new", "detail", "problem"),
    [
        (thing(name=KIND), thing(), "name", "is removed from responses"),
        (thing(kind=KIND), thing(kind=NULLABLE), "kind", "is of type null"),
        (thing(), thing() | {"required": []}, "id", "may be absent from responses"),
        (thing(n={"type": "number"}), thing(n={"type": "string"}), "n", "is of type string"),
    ],
)
def test_a_response_that_lacks_what_it_had_is_found(old, new, detail, problem):
    assert (detail, problem) in found(document({}, old), document({}, new))


def test_new_fields_and_new_values_of_responses_are_no_break():
    wider = thing(kind={**KIND, "enum": ["a", "b", "c"]}, more=KIND)
    assert found(document({}, thing(kind=KIND)), document({}, wider)) == []


def test_parameters_and_operations_are_compared():
    def with_parameter(required):
        return document({}, {}, parameters=[{"in": "query", "name": "limit", "required": required, "schema": {"type": "integer"}}])

    assert found(with_parameter(False), with_parameter(True)) == [("limit", "is required in the query")]
    assert found(with_parameter(False), document({}, {})) == [("limit", "is removed from the query")]
    assert [str(finding) for finding in openapi.compare(document({}, {}), {"paths": {}})] == ["POST /things: is removed"]


@pytest.fixture(params=["asset-api", "command-dispatcher"])
def published(request):
    return json.loads((ROOT / f"docs/openapi/{request.param}.json").read_text())


def test_the_documents_are_compatible_with_themselves(published):
    assert list(openapi.compare(published, copy.deepcopy(published))) == []


def test_a_field_that_leaves_a_published_schema_is_found(published):
    schemas = published["components"]["schemas"]
    changed = copy.deepcopy(published)
    name = "Pile" if "Pile" in schemas else "Command"
    field = schemas[name]["required"][0]
    del changed["components"]["schemas"][name]["properties"][field]
    details = [finding.detail for finding in openapi.compare(published, changed)]
    assert any(detail.endswith(field) for detail in details), details


@pytest.mark.parametrize("service", CHARTS)
def test_removed_settings_and_changed_defaults_are_found(service):
    old = tomllib.loads((ROOT / f"crates/{service}/defaults.toml").read_text())
    new = copy.deepcopy(old)
    assert list(settings.compare(old, new)) == []
    del new["log"]["format"]
    new["database"]["max_connections"] += 1
    limit = new["database"]["max_connections"]
    wanted = [Finding("database.max_connections", "", f"has the default {limit} instead of {limit - 1}", breaking=False)]
    wanted.append(Finding("log.format", "", "is removed: a service refuses to start with it"))
    assert sorted(settings.compare(old, new), key=str) == wanted


@pytest.mark.parametrize("chart", CHARTS)
def test_removed_and_narrowed_values_of_a_chart_are_found(chart):
    old = json.loads((ROOT / f"deploy/helm/{chart}/values.schema.json").read_text())
    new = copy.deepcopy(old)
    assert list(values.compare(chart, old, new)) == []
    # Settings are compared by defaults.toml, and would otherwise be found twice.
    del new["properties"]["settings"]["properties"]["log"]
    del new["properties"]["podLabels"]
    new["properties"]["image"]["properties"]["pullPolicy"]["enum"].remove("Never")
    new["properties"]["nameOverride"]["type"] = "integer"
    found = {(finding.subject, finding.problem, finding.breaking) for finding in values.compare(chart, old, new)}
    assert found == {
        ("podLabels", f"is removed from values, in chart {chart}", True),
        ("image.pullPolicy", f"no longer accepts Never, in chart {chart}", True),
        ("nameOverride", f"must be of type integer, in chart {chart}", True),
    }
    assert {finding.subject for finding in values.compare(chart, new, old)} == {"nameOverride"}, "what is added is no break"


def test_removed_and_changed_metrics_are_found():
    old = (ROOT / "docs/metrics.md").read_text()
    assert metrics.listed(old)["commands_expired_total"] == ("counter", {"name", "cause"})
    assert list(metrics.compare(old, old)) == []
    new = old.replace("| `commands_waiting` | gauge |", "| `commands_waiting` | counter |").replace("| `build_info` |", "| `built_info` |")
    new = new.replace("| `commands_expired_total` | counter | `name`, `cause` |", "| `commands_expired_total` | counter | `cause`, `gateway` |")
    new = new.replace("| `simulator_connected` |", "| `simulator_devices` |")
    assert set(metrics.compare(old, new)) == {
        Finding("commands_waiting", "", "is a counter instead of a gauge"),
        Finding("build_info", "", "is removed"),
        Finding("commands_expired_total", "name", "is removed from its labels"),
    }


def test_a_field_that_leaves_a_message_is_found(tmp_path):
    shutil.copytree(ROOT / "proto", tmp_path / "new")
    assert list(proto.compare(ROOT / "proto", tmp_path / "new")) == []
    path = tmp_path / "new/charging/gateway/v1/event.proto"
    path.write_text(path.read_text().replace("  string charge_point_id = 2;\n", "", 1))
    (finding,) = proto.compare(ROOT / "proto", tmp_path / "new")
    assert "charge_point_id" in finding.problem


def test_the_changelog_must_name_what_it_announces():
    text = "# Changelog\n\n## [1.1.0]\n\n- **Breaking:** `POST /things` has no\n  `name`.\n- The default of `a.b` is 2.\n\n## [1.0.0]\n\n- **Breaking:** `c.d` is gone.\n"
    listed = changelog.entries(text, "1.0.0")
    named = [Finding(OPERATION, "name", "is removed"), Finding("a.b", "", "has another default", breaking=False)]
    unnamed = [Finding(OPERATION, "kind", "is removed"), Finding("a.b", "", "is removed"), Finding("c.d", "", "is removed"), Finding("a", "", "is 3", breaking=False)]
    assert changelog.unnamed([*named, *unnamed], listed) == unnamed
