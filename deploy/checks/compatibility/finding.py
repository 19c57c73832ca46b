"""A change that breaks something, and its form in the changelog."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`subject` and `detail` are what the changelog must name."""

    subject: str
    detail: str
    problem: str
    # A changed default only has to be in the changelog; anything else there must be marked **Breaking**.
    breaking: bool = True

    def __str__(self):
        return " ".join(filter(None, [self.subject + ":", self.detail, self.problem]))
