"""Compares two versions of a service's defaults.toml."""

from .finding import Finding


def flat(defaults):
    """Section and key → default."""
    return {f"{section}.{key}": value for section, keys in defaults.items() for key, value in keys.items()}


def compare(old, new):
    """What a deployment with its own settings would notice. The old and new defaults are parsed."""
    old, new = flat(old), flat(new)
    for key in old:
        if key not in new:
            yield Finding(key, "", "is removed: a service refuses to start with it")
        elif type(old[key]) is not type(new[key]):
            yield Finding(key, "", f"has another type, {type(new[key]).__name__}")
        elif old[key] != new[key]:
            yield Finding(key, "", f"has the default {new[key]!r} instead of {old[key]!r}", breaking=False)
