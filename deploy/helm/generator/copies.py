"""Copies of files that each chart must contain. They are no links: Flux drops links, and Rancher refuses charts with links."""

from . import HELM, ROOT, SERVICES
from .values_table import default_of

LIBRARY = "charging-service"
OBSERVABILITY = ROOT / "deploy/observability"
# The folders of a chart that contain only copies.
FOLDERS = (f"charts/{LIBRARY}", "alerts", "dashboards")


def of_service(name):
    """The copies in the chart of a service: their paths in it, with their sources."""
    yield "defaults.toml", ROOT / "crates" / name / "defaults.toml"
    for source in (HELM / LIBRARY).rglob("*"):
        if source.is_file():
            yield f"charts/{LIBRARY}/{source.relative_to(HELM / LIBRARY)}", source
    for source in OBSERVABILITY.glob("alerts/*.rules.yaml"):
        yield f"alerts/{source.name}", source
    for pattern in default_of(name, "dashboards.files"):
        for source in OBSERVABILITY.glob(f"dashboards/{pattern}"):
            yield f"dashboards/{source.name}", source


def files():
    """Every copy with its text."""
    return {HELM / name / path: source.read_text() for name in SERVICES for path, source in of_service(name)}


def present():
    """The files in the folders of copies."""
    folders = [HELM / name / folder for name in SERVICES for folder in FOLDERS]
    return {path for folder in folders for path in folder.rglob("*") if path.is_symlink() or path.is_file()}
