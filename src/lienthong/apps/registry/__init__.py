"""The national registry: a signed directory of agencies and keys, told as changes with numbers.

The axis numbers every change of its directory and signs where the numbers stand; nodes take the
changes, check them and keep them, so that they go on when the axis is away. Lists of what may be
accompanied by paper belong to it (DX-17).
"""
