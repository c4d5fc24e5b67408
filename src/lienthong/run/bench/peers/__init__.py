"""Other software that does the hub's work in its own way, measured on the same payload.

Each peer has an environment of its own, made here when asked for and kept in the work folder; no
line of a peer is imported by us. `programs/` holds what runs inside those environments.
"""

from .measuring import Measured, measure

__all__ = ["Measured", "measure"]
