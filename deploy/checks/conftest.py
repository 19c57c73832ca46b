"""Fixtures: every chart with its defaults, with the production example, and with values that neither of them sets."""

import os
import shutil

import helm_python as helm
import pytest
from rendering import CHARTS, HELM, UMBRELLA, binary, render
from variants import VARIANTS


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


@pytest.fixture(scope="session")
def packed(tmp_path_factory):
    """A copy of the umbrella with its charts, as `helm dependency build` packs them."""
    folder = tmp_path_factory.mktemp("charts")
    for chart in (*CHARTS, UMBRELLA):
        shutil.copytree(HELM / chart, folder / chart)
    helm.dependency_update(folder / UMBRELLA, skip_refresh=True)
    return folder / UMBRELLA
