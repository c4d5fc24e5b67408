"""How the fast path says that it is not sure."""

from __future__ import annotations


class Ask(Exception):  # noqa: N818  (a request to the reference path, not an error of the input)
    """The reference path has to decide. The text says why, for people who tune the fast path."""
