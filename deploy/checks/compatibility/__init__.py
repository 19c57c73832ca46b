"""Finds changes since the previous release that break callers, consumers of the feed or operators."""
