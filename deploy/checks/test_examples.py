"""The examples fit each other, the charts and docs/deploy.md."""

import re

import pytest
import yaml
from custom_resources import SCHEMAS
from jsonschema import Draft202012Validator
from rendering import CHARTS, HELM, ROOT, defaults, layered, production, render

EXAMPLES = HELM / "examples"
# The connections of a replica in addition to database.max_connections, as in the table of docs/deploy.md.
MORE_CONNECTIONS = {"asset-api": 1, "command-dispatcher": 4, "event-ingestor": 8}


def objects(path):
    return list(yaml.safe_load_all((EXAMPLES / path).read_text()))


@pytest.fixture(scope="module")
def cluster():
    (found,) = objects("cloudnative-pg/cluster.yaml")
    return found["spec"]


@pytest.fixture(scope="module")
def secrets():
    """The keys of each Secret that the operator would write."""
    files = ("external-secrets/charts.yaml", "external-secrets/roles.yaml")
    return {thing["metadata"]["name"]: thing["spec"]["target"]["template"]["data"] for path in files for thing in objects(path)}


@pytest.mark.parametrize("path", ["cloudnative-pg/cluster.yaml", "external-secrets/charts.yaml", "external-secrets/roles.yaml"])
def test_their_operators_know_every_object(path):
    for thing in objects(path):
        Draft202012Validator(SCHEMAS[thing["apiVersion"]][thing["kind"]]).validate(thing)


def test_the_topics_are_those_of_the_local_stack():
    lines = [line.split() for line in (ROOT / "deploy/local/topics").read_text().splitlines() if line and line[0] != "#"]
    wanted = {name: (int(partitions), dict(pair.split("=") for part in more for pair in part.split(","))) for name, partitions, *more in lines}
    found = {}
    for topic in objects("strimzi/topics.yaml"):
        config = {key: str(value) for key, value in topic["spec"]["config"].items()}
        assert (topic["spec"]["replicas"], config.pop("min.insync.replicas")) == (3, "2")
        found[topic["metadata"]["name"]] = (topic["spec"]["partitions"], config)
    assert found == wanted
    assert found["commands-down"][0] == defaults("command-dispatcher")["dispatch"]["partitions"] == 128
    assert found["ocpp-events-up"][0] == production("event-ingestor")["scaling"]["partitions"]


def test_the_roles_are_those_of_the_manual(cluster):
    """The manual's SQL, except that the operator creates the owner and the database, and gives passwords."""
    manual = re.search(r"```sql\n(create role charging_owner.*?)```", (ROOT / "docs/deploy.md").read_text(), re.DOTALL)[1]
    lines = [re.sub(r" *--.*", "", line).rstrip(";").replace(" password '…'", "") for line in manual.splitlines()]
    wanted = {line for line in lines if not line.startswith(("create role charging_owner", "create database", "\\c "))}
    initdb = cluster["bootstrap"]["initdb"]
    assert (initdb["database"], initdb["owner"]) == ("charging", "charging_owner")
    assert set(initdb["postInitApplicationSQL"]) == wanted


def test_the_operator_revokes_no_membership(cluster):
    """It sets the memberships of the roles that it manages to inRoles."""
    statements = cluster["bootstrap"]["initdb"]["postInitApplicationSQL"]
    member = {name: set() for name in re.findall(r"create role (\w+) login", "\n".join(statements))}
    for statement in statements:
        if created := re.fullmatch(r"create role (\w+) login in role (\w+)", statement):
            member[created[1]].add(created[2])
        if granted := re.fullmatch(r"grant (\w+) to (.*)", statement):
            for name in granted[2].split(", "):
                member.get(name, set()).add(granted[1])
    assert {role["name"]: set(role.get("inRoles", [])) for role in cluster["managed"]["roles"]} == member


def test_every_role_gets_the_password_of_its_url(cluster, secrets):
    roles = {role["name"]: role["passwordSecret"]["name"] for role in cluster["managed"]["roles"]}
    roles[cluster["bootstrap"]["initdb"]["owner"]] = cluster["bootstrap"]["initdb"]["secret"]["name"]
    for thing in objects("external-secrets/roles.yaml"):
        (source,) = thing["spec"]["data"]
        assert source["remoteRef"]["property"] == secrets[thing["metadata"]["name"]]["username"]
    assert {name: secrets[secret]["username"] for name, secret in roles.items()} == {name: name for name in roles}
    urls = [re.match(r"postgres://(\w+):\{\{ \.(\w+) ", url).groups() for url in secrets["charging-postgresql"].values()]
    assert sorted(urls) == sorted((name, name) for name in roles)


def references(values):
    """The Secrets that values name, with their keys."""
    if isinstance(values, dict) and set(values) == {"name", "key"}:
        yield values["name"], values["key"]
    elif isinstance(values, dict):
        for key, value in values.items():
            if key != "configMap":
                yield from references(value)


def test_the_secrets_of_production_are_written(secrets):
    named = {reference for chart in CHARTS for reference in references(production(chart))}
    assert len(named) > 5
    assert {(name, key) for name, key in named if key not in secrets.get(name, {})} == set()


def test_the_cluster_has_enough_connections_and_a_synchronous_standby(cluster):
    opened = 0
    for chart in CHARTS:
        values = production(chart)
        pool = layered(defaults(chart), values["settings"])["database"]["max_connections"]
        opened += values["scaling"]["max"] * (pool + MORE_CONNECTIONS[chart])
    assert int(cluster["postgresql"]["parameters"]["max_connections"]) > opened
    assert cluster["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "required"}


def test_the_charts_reach_the_cluster(chart):
    values = production(chart)
    del values["files"]["database"]
    release = render(chart, layered(values, yaml.safe_load((EXAMPLES / "cloudnative-pg/values.yaml").read_text())))
    (found,) = objects("cloudnative-pg/cluster.yaml")
    for name in (chart, f"{chart}-migrate"):
        rules = release.one("NetworkPolicy", name)["spec"]["egress"]
        (rule,) = [rule for rule in rules if rule["ports"] == [{"protocol": "TCP", "port": 5432}]]
        assert rule["to"] == [{"podSelector": {"matchLabels": {"cnpg.io/cluster": found["metadata"]["name"]}}}]
