"""Finds changes since the last release that break callers, consumers of the feed or operators."""
