"""Fixtures: the cluster, namespaces in it, and the charts."""

import shutil

import definitions
import namespaces
import pytest
import releases
from cluster import Cluster
from rendering import CHARTS, HELM, UMBRELLA


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A cluster that knows the objects of other programs, and the priority of the production examples."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        definitions.install(cluster.admin)
        cluster.admin.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "business"}, "value": 1000})
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace whose administrator installs the charts; that user has no other rights."""
    return namespaces.create(cluster, "deployer")


@pytest.fixture(scope="session")
def umbrella(cluster, tmp_path_factory):
    """A copy of the umbrella with its charts, packed by Helm."""
    folder = tmp_path_factory.mktemp("charts")
    for chart in (*CHARTS, UMBRELLA):
        shutil.copytree(HELM / chart, folder / chart)
    return releases.pack(cluster, folder)
