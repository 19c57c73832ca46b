"""Compares two versions of a chart's values.schema.json."""

from .finding import Finding
from .schema import Comparison, Sent


def compare(chart, old, new):
    """Which values of a deployment the chart refuses now. Those below `settings` are the service's own: see settings.py."""
    old, new = without_settings(old), without_settings(new)
    for path, problem in Comparison(old, new, Sent.REQUEST).breaks(old, new):
        yield Finding(path, "", f"{problem.replace('requests', 'values')}, in chart {chart}")


def without_settings(schema):
    """A copy of the schema that permits any settings."""
    return {**schema, "properties": {**schema["properties"], "settings": {}}}
