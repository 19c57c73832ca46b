"""Compares two versions of the table of metrics in docs/metrics.md."""

import re

from .finding import Finding

# Of a tool, which no version number covers.
NOT_COVERED = "simulator_"


def listed(text):
    """Name → type and labels."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", text, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows if not name.startswith(NOT_COVERED)}


def compare(old, new):
    """What a query or an alert would miss. A new label is no break: queries name the labels that they keep."""
    old, new = listed(old), listed(new)
    for name, (kind, labels) in old.items():
        if name not in new:
            yield Finding(name, "", "is removed")
            continue
        later, remaining = new[name]
        if later != kind:
            yield Finding(name, "", f"is a {later} instead of a {kind}")
        for label in sorted(labels - remaining):
            yield Finding(name, label, "is removed from its labels")
