"""`lienthong pki path`: path validation alone, as RFC 5280 chapter 6 has it."""

from __future__ import annotations

import click


@click.command()
def path() -> None:
    """Validate the first certificate against one trust anchor."""
    raise click.UsageError("not ready")
