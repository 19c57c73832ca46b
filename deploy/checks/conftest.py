"""Fixtures: every chart with its defaults and with the production example."""

import os

import pytest
from rendering import CHARTS, binary, production, render

VARIANTS = {
    "defaults": lambda chart: {},
    "production": production,
    # Values that neither of them sets.
    "other": lambda chart: {
        "scaling": {"mode": "keda", "keda": {"trigger": "prometheus", "prometheus": {"serverAddress": "http://prometheus:9090"}}}
        if chart == "event-ingestor"
        else {"mode": "fixed", "replicas": 3},
        "serviceAccount": {"create": False, "name": "given"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "imagePullSecrets": [{"name": "pull"}],
        "image": {"digest": "sha256:" + "0" * 64},
        "extraEnv": [{"name": "OTEL_SERVICE_NAME", "value": chart}],
        "networkPolicy": {"egress": {"extra": [{"ports": [{"protocol": "TCP", "port": 8443}]}]}},
    },
}


@pytest.fixture(scope="session", params=CHARTS)
def chart(request):
    return request.param


@pytest.fixture(scope="session", params=VARIANTS)
def values(request, chart):
    return VARIANTS[request.param](chart)


@pytest.fixture(scope="session")
def release(chart, values):
    return render(chart, values)


@pytest.fixture(scope="session")
def program():
    """The path of a service's binary; if it was not built, the test is skipped, except in CI."""

    def find(name):
        found = binary(name)
        if found is None and os.environ.get("CI"):
            pytest.fail(f"{name} was not built, so nothing judges its settings: build first")
        return found or pytest.skip(f"{name} is not built")

    return find
