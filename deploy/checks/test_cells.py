"""The example of cells keeps the naming rule of docs/deploy.md, and leads where the charts' own routes lead."""

import re

import pytest
import yaml
from custom_resources import SCHEMAS
from jsonschema import Draft202012Validator
from rendering import CHARTS, HELM, HTTP, defaults, layered, production, render

CELLS = HELM / "examples/cells"
ROUTES = {"asset-api": "assets-of-cells", "command-dispatcher": "commands-of-cells"}
ROUTE = {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["api.example.com"]}


@pytest.fixture(scope="module")
def objects():
    return list(yaml.safe_load_all((CELLS / "routes.yaml").read_text()))


def rules(objects, service):
    (route,) = [thing for thing in objects if thing["metadata"]["name"] == ROUTES[service]]
    return route["spec"]["rules"]


def test_the_gateway_api_knows_every_object(objects):
    for thing in objects:
        Draft202012Validator(SCHEMAS[thing["apiVersion"]][thing["kind"]]).validate(thing)


@pytest.mark.parametrize("service", HTTP)
def test_each_cell_has_the_rules_of_the_charts_own_route(objects, service):
    release = render(service, {"httpRoute": ROUTE})
    own = release.one("HTTPRoute")["spec"]["rules"]
    port = release.one("Service", service)["spec"]["ports"][0]["port"]
    wanted = {rule["matches"][0]["path"]["value"]: (rule["timeouts"], service, port) for rule in own}
    found = {}
    for rule in rules(objects, service):
        ((match,), (rewrite,), (backend,)) = (rule["matches"], rule["filters"], rule["backendRefs"])
        cell, rest = re.fullmatch(r"/cells/([a-z][a-z0-9]*)(/.*)?", match["path"]["value"]).groups()
        path = rewrite["urlRewrite"]["path"]["replacePrefixMatch"]
        assert match["path"]["type"] == "PathPrefix" and path == (rest or "/")
        assert backend["namespace"] == f"charging-{cell}"
        found.setdefault(cell, {})[path] = (rule["timeouts"], backend["name"], backend["port"])
    assert found == {cell: wanted for cell in ("north", "south")}


def test_the_routes_may_name_the_services_of_each_cell(objects):
    (route_namespace,) = {thing["metadata"]["namespace"] for thing in objects if thing["kind"] == "HTTPRoute"}
    granted = {}
    for thing in objects:
        if thing["kind"] == "ReferenceGrant":
            (source,) = thing["spec"]["from"]
            assert (source["kind"], source["namespace"]) == ("HTTPRoute", route_namespace)
            granted[thing["metadata"]["namespace"]] = {to["name"] for to in thing["spec"]["to"]}
    backends = {(rule["backendRefs"][0]["namespace"], service) for service in HTTP for rule in rules(objects, service)}
    assert {(namespace, name) for namespace, names in granted.items() for name in names} == backends


def test_the_topics_of_a_cell_end_with_its_name():
    values = yaml.safe_load((CELLS / "north.yaml").read_text())
    assert set(values) == set(CHARTS)
    topics = []
    for chart, own in values.items():
        render(chart, layered(production(chart), own))
        for section, keys in own["settings"].items():
            for key, topic in keys.items():
                assert topic == f"{defaults(chart)[section][key]}-north"
                topics.append(topic)
    assert sorted(set(topics)) == ["commands-down-north", "ocpp-events-up-north", "station-events-north"]
