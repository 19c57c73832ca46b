"""What deploy/helm/generate writes: each module returns the wanted files with their texts."""

from pathlib import Path

HELM = Path(__file__).resolve().parent.parent
ROOT = HELM.parent.parent
SERVICES = ("asset-api", "event-ingestor", "command-dispatcher")
UMBRELLA = "charging-platform"
