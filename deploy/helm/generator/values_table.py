"""The table of values in the README of each chart, from the comments in values.yaml."""

import json
import re
from dataclasses import dataclass, field

from . import HELM, SERVICES, UMBRELLA

BEGIN, END = "<!-- values: written by deploy/helm/generate -->\n", "<!-- end of values -->\n"


@dataclass
class Value:
    """A key of values.yaml: its path, its comment, and its default or its keys."""

    path: str
    comment: str
    default: str
    keys: list = field(default_factory=list)

    @property
    def flow(self):
        """The default on one line."""
        if not self.keys:
            return self.default
        return "{ " + ", ".join(f"{key.path.removeprefix(self.path + '.')}: {key.flow}" for key in self.keys) + " }"

    @property
    def has_commented_keys(self):
        return any(key.comment or key.has_commented_keys for key in self.keys)

    def rows(self):
        """A row for each key, or one for all if none of the keys has a comment of its own."""
        if not self.has_commented_keys:
            yield self.path, f"`{self.flow}`", self.comment
            return
        if self.comment:
            yield self.path, "", self.comment
        for key in self.keys:
            yield from key.rows()


def values_of(chart):
    """The top-level values of a chart. Its values.yaml has neither block lists nor texts of several lines."""
    values, open_keys, comment = [], [], []
    for line in (HELM / chart / "values.yaml").read_text().splitlines():
        if text := re.fullmatch(r" *# ?(.*)", line):
            comment.append(text[1].strip())
            continue
        if not line.strip():
            comment = []
            continue
        parts = re.fullmatch(r"( *)([\w.-]+):(?: (.*))?", line) or refuse(chart, line)
        depth = len(parts[1]) // 2
        open_keys = open_keys[:depth]
        path = ".".join([key.path for key in open_keys[-1:]] + [parts[2]])
        value = Value(path, " ".join(comment), parts[3] or "")
        (open_keys[-1].keys if open_keys else values).append(value)
        open_keys.append(value)
        comment = []
    return values


def refuse(chart, line):
    raise SystemExit(f"{chart}/values.yaml: {line!r} is neither a key nor a comment; write lists as [a, b]")


def default_of(chart, path):
    """A default that is JSON, too."""
    keys = values_of(chart)
    for value in keys:
        keys += value.keys
    return json.loads(next(value.default for value in keys if value.path == path))


def table(chart):
    """The table of a chart."""
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for value in values_of(chart):
        if not value.comment:
            raise SystemExit(f"{chart}/values.yaml: {value.path} has no comment")
        lines += (f"| `{path}` | {default} | {meaning} |" for path, default, meaning in escaped(value.rows()))
    return "\n".join(lines) + "\n"


def escaped(rows):
    return ([cell.replace("|", "\\|") for cell in row] for row in rows)


def files():
    """Every README with its table."""
    wanted = {}
    for chart in (*SERVICES, UMBRELLA):
        path = HELM / chart / "README.md"
        before, _, rest = path.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        wanted[path] = f"{before}{BEGIN}\n{table(chart)}\n{END}{after}"
    return wanted
