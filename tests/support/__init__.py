"""Helpers of the tests that cross contexts."""
