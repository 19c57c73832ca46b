"""Ingress and HTTPRoute: streams stay open, and no answer or body of the service is cut off."""

import helm_python as helm
import pytest
from rendering import HTTP, production, render

HOSTS = {"enabled": True, "hosts": ["api.example.com"]}
ROUTE = {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["api.example.com"]}
# The annotations of each controller: time limits, the largest body and buffers, with the form of a value.
CONTROLLERS = {
    "ingress-nginx": {
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "{seconds}",
        "nginx.ingress.kubernetes.io/proxy-send-timeout": "{seconds}",
        "nginx.ingress.kubernetes.io/proxy-body-size": "{bytes}",
        "nginx.ingress.kubernetes.io/proxy-buffering": "off",
        "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
    },
    "nginx": {
        "nginx.org/proxy-read-timeout": "{seconds}s",
        "nginx.org/proxy-send-timeout": "{seconds}s",
        "nginx.org/client-max-body-size": "{bytes}",
        "nginx.org/proxy-buffering": "False",
    },
    "haproxy": {"haproxy.org/timeout-server": "{seconds}s"},
    "openshift": {"haproxy.router.openshift.io/timeout": "{seconds}s"},
    "alb": {"alb.ingress.kubernetes.io/load-balancer-attributes": "idle_timeout.timeout_seconds={seconds}"},
    "": {},
}


@pytest.fixture(params=HTTP)
def service(request):
    return request.param


def limits(settings):
    """The longest time between two bytes of the service, in seconds with a reserve, and its largest body."""
    loads = settings.get("import", {"receive_timeout_ms": 0, "work_timeout_ms": 0, "max_body_bytes": 0})
    times = [
        settings["http"]["request_deadline_ms"],
        settings.get("feed", {}).get("keep_alive_ms", 0),
        settings.get("export", {}).get("timeout_ms", 0),
        loads["receive_timeout_ms"] + 2 * loads["work_timeout_ms"],
    ]
    return {"seconds": max(times) // 1000 + 10, "bytes": max(settings["http"]["max_body_bytes"], loads["max_body_bytes"])}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_controller_waits_as_long_as_the_service(service, controller):
    release = render(service, {"ingress": HOSTS | {"controller": controller}})
    wanted = {key: form.format(**limits(release.effective)) for key, form in CONTROLLERS[controller].items()}
    assert release.one("Ingress")["metadata"].get("annotations", {}) == wanted


def test_limits_follow_the_settings():
    settings = {"import": {"max_body_bytes": 1000, "work_timeout_ms": 200_000}, "feed": {"keep_alive_ms": 900_000}}
    release = render("asset-api", {"ingress": HOSTS | {"controller": "nginx"}, "settings": settings})
    said = release.one("Ingress")["metadata"]["annotations"]
    assert (said["nginx.org/proxy-read-timeout"], said["nginx.org/client-max-body-size"]) == ("910s", "262144")


def test_an_ingress_leads_to_the_api(service):
    tls = [{"secretName": "tls", "hosts": ["api.example.com"]}]
    mine = {"nginx.org/proxy-read-timeout": "1h"}
    release = render(service, {"ingress": HOSTS | {"controller": "nginx", "className": "public", "tls": tls, "annotations": mine}})
    ingress = release.one("Ingress")
    assert ingress["spec"]["ingressClassName"] == "public" and ingress["spec"]["tls"] == tls
    assert ingress["metadata"]["annotations"].items() >= mine.items()
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["path"]) == ("api.example.com", "/")
    (port,) = release.one("Service", path["backend"]["service"]["name"])["spec"]["ports"]
    assert path["backend"]["service"]["port"]["name"] == port["name"] == "http"


def test_a_route_limits_everything_but_streams(service):
    release = render(service, {"httpRoute": ROUTE})
    spec = release.one("HTTPRoute")["spec"]
    assert spec["parentRefs"] == ROUTE["parentRefs"] and spec["hostnames"] == ROUTE["hostnames"]
    found = {(rule["matches"][0]["path"]["type"], rule["matches"][0]["path"]["value"]): rule["timeouts"]["request"] for rule in spec["rules"]}
    wanted = {("PathPrefix", "/"): f"{limits(release.effective)['seconds']}s"}
    # The Gateway API's word for no limit.
    assert found == wanted | ({("Exact", "/api/v1/feed"): "0s"} if service == "asset-api" else {})
    for rule in spec["rules"]:
        (backend,) = rule["backendRefs"]
        assert backend["port"] == release.one("Service", backend["name"])["spec"]["ports"][0]["port"]
    without = render(service, {"httpRoute": ROUTE | {"timeouts": False}}).one("HTTPRoute")["spec"]["rules"]
    assert not any("timeouts" in rule for rule in without)


def test_neither_is_there_unless_it_was_asked_for(service):
    release = render(service)
    assert not release.all("Ingress") and not release.all("HTTPRoute")
    for values, why in (({"ingress": {"enabled": True}}, "ingress.hosts is empty"), ({"httpRoute": {"enabled": True}}, "httpRoute.parentRefs is empty")):
        with pytest.raises(helm.HelmRenderError, match=why):
            render(service, values)
    for key in ("ingress", "httpRoute"):
        with pytest.raises(helm.HelmValuesError):
            render("event-ingestor", {key: {"enabled": True}})


def test_in_production_the_gateway_may_connect(service):
    """A route whose gateway the network policy keeps out leads nowhere."""
    release = render(service, production(service))
    gateways = {parent["namespace"] for parent in release.one("HTTPRoute")["spec"]["parentRefs"]}
    assert gateways <= set(release.values["networkPolicy"]["ingress"]["namespaces"])
