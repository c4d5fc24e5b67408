"""A node: one installation with its own database, files, keys and processes."""

from __future__ import annotations

EXTENSIONS = ("pg_trgm", "unaccent", "citext", "pgcrypto")
