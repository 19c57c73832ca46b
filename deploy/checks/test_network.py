"""Only necessary traffic is allowed in and out."""

import re


def policy(release):
    return release.one("NetworkPolicy", release.chart)["spec"]


def test_what_is_not_allowed_is_denied(release):
    pods = release.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    for found in release.all("NetworkPolicy"):
        # One only adds to what another one allows.
        only_adds = found["metadata"]["name"].endswith("-admission")
        assert sorted(found["spec"]["policyTypes"]) == (["Ingress"] if only_adds else ["Egress", "Ingress"])
        for rule in found["spec"]["ingress"] + found["spec"].get("egress", []):
            assert rule.get("ports"), "a rule without ports allows all traffic"
    assert policy(release)["podSelector"]["matchLabels"].items() <= pods.items()


def test_only_named_namespaces_come_in(release):
    allowed = release.values["networkPolicy"]["ingress"]
    for rule in policy(release)["ingress"]:
        (port,) = (port["port"] for port in rule["ports"])
        named = allowed["metricsNamespaces"] if port == "admin" else allowed["namespaces"]
        came = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in rule["from"]]
        assert came == named and all(set(peer) == {"namespaceSelector"} for peer in rule["from"])
    if not any(allowed.values()):
        assert policy(release)["ingress"] == []


def test_each_service_reaches_what_it_needs_and_no_more(release):
    opened = [port["port"] for rule in policy(release)["egress"] for port in rule["ports"]]
    egress = release.values["networkPolicy"]["egress"]
    needed = ["dns", "dns", "postgresql"]
    needed += [name for name in ("redis", "kafka") if name in release.effective]
    needed += ["issuer"] if release.effective.get("auth", {}).get("jwks_url") else []
    needed += ["telemetry"] if egress["telemetry"]["ports"] else []
    ports = [port for name in needed for port in egress[name]["ports"]]
    ports += [port["port"] for rule in egress["extra"] for port in rule["ports"]]
    assert sorted(opened) == sorted(ports)


def test_the_settings_name_ports_that_are_open(release):
    egress = release.values["networkPolicy"]["egress"]
    for broker in release.effective.get("kafka", {}).get("brokers", []):
        assert int(broker.rpartition(":")[2]) in egress["kafka"]["ports"], broker
    if url := release.effective.get("auth", {}).get("jwks_url"):
        port = re.match(r"https://[^/:]+(?::(\d+))?", url)[1]
        assert int(port or 443) in egress["issuer"]["ports"], url


def test_the_migration_reaches_the_database_alone(release):
    spec = release.one("NetworkPolicy", f"{release.chart}-migrate")["spec"]
    assert spec["ingress"] == []
    opened = sorted(port["port"] for rule in spec["egress"] for port in rule["ports"])
    egress = release.values["networkPolicy"]["egress"]
    assert opened == sorted(egress["dns"]["ports"] * 2 + egress["postgresql"]["ports"])
