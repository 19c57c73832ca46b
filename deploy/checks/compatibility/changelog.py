"""The entries of the changelog that are newer than a release."""

import re


def entries(text, release):
    """The list entries of all sections above that of `release`, each on one line."""
    newer = re.split(rf"^## \[?{re.escape(release)}\b", text, flags=re.MULTILINE)[0]
    return [" ".join(entry.split()) for entry in re.findall(r"^- (.*(?:\n  .*)*)", newer, flags=re.MULTILINE)]


def unnamed(findings, listed):
    """The findings that no entry names: its subject and its detail between backticks."""

    def is_named(finding):
        words = [f"`{word}`" for word in (finding.subject, finding.detail) if word]
        return any(all(word in entry for word in words) and ("**Breaking" in entry or not finding.breaking) for entry in listed)

    return [finding for finding in findings if not is_named(finding)]
