"""Names of tiles in a URL (C2SP tlog-tiles): `tile/0/x001/x234/067`, `tile/0/x001/x234/067.p/8`."""

from __future__ import annotations

import re

from lienthong.core.errors import Problem
from lienthong.core.tlog.tiles import TILE_WIDTH

LEVEL_MAX = 63
_PATH = re.compile(
    r"tile/(?P<level>[0-9]{1,2}|entries)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class TilePathInvalid(Problem):
    """The text names no tile."""

    code = "tlog.tile_path_invalid"
    status = 404
    text = "Không có mảnh nhật ký nào ở địa chỉ này."


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile; `width` below 256 names a partial tile."""
    if not 0 <= level <= LEVEL_MAX:
        raise ValueError(f"no tile has level {level}")
    return f"tile/{level}/{_tail(index, width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of the entry bundle below the level-0 tile `index`."""
    return f"tile/entries/{_tail(index, width)}"


def parse_tile_path(path: str) -> tuple[int | None, int, int]:
    """Return (level, index, width); level is None for an entry bundle. Raises TilePathInvalid.

    Every tile has one name: leading zeros, a needless `x000` or a width of 256 are refused.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise TilePathInvalid
    index = int(re.sub("[x/]", "", match["index"]))
    width = int(match["width"] or TILE_WIDTH)
    level = None if match["level"] == "entries" else int(match["level"])
    if width > TILE_WIDTH or (level is not None and level > LEVEL_MAX):
        raise TilePathInvalid
    wanted = entries_path(index, width) if level is None else tile_path(level, index, width)
    if wanted != path:
        raise TilePathInvalid
    return level, index, width


def _tail(index: int, width: int) -> str:
    if index < 0 or not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"no tile has index {index} and width {width}")
    name = f"{index % 1000:03}"
    while index := index // 1000:
        name = f"x{index % 1000:03}/{name}"
    return name if width == TILE_WIDTH else f"{name}.p/{width}"
