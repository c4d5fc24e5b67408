#!/usr/bin/env python3
"""Writes docs/reference/page-pictures.md and its pictures from those that `make browser` took.

Run after `make browser`: python tools/picture_pages.py. Each page is shown once, as the first
journey that looked at it saw it, at 1280 and at 390 px, made small.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TAKEN = ROOT / "artefacts" / "screenshots"
PAGE = ROOT / "docs" / "reference" / "page-pictures.md"
PICTURES = ROOT / "docs" / "pictures"
WIDTHS = {1280: 560, 390: 195}  # of the window → of the picture in the docs
HEIGHT_MAX = 900  # a long page is cut here
QUALITY = 55
# What differs from document to document in an address.
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|(?<=/)\d+(?=/|$)")
HEAD = """# Pages in pictures

Made by `make browser` and `python tools/picture_pages.py`: every page that a journey in the
browser looks at, as it looks at 1280 and at 390 px (long pages are cut). The journeys are
`tests/browser`; what each page takes and shows is in [pages](pages.md).

"""


def main() -> int:
    """Exit status 1 when no journey has taken pictures yet."""
    index = TAKEN / "pages.jsonl"
    if not index.exists():
        print("no pictures yet: run make browser", file=sys.stderr)
        return 1
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    PICTURES.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    parts = [HEAD]
    for line in index.read_text(encoding="utf-8").splitlines():
        page = json.loads(line)
        address = _IDS.sub("…", page["path"])
        key = f"{address} {page['title']}"
        if key in seen:
            continue
        seen.add(key)
        parts.append(_section(page["name"], address, page["title"].rsplit(" – ", 1)[0]))
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    print(f"{len(seen)} pages in {PAGE.relative_to(ROOT)}")
    return 0


def _section(name: str, address: str, title: str) -> str:
    pictures = " ".join(
        f"![{title}, {width} px](../pictures/{_shrink(name, width, small)})"
        for width, small in WIDTHS.items()
    )
    return f"## {title}\n\n`{address}`\n\n{pictures}\n"


def _shrink(name: str, width: int, small: int) -> str:
    target = f"{name}-{width}.webp"
    with Image.open(TAKEN / f"{name}-{width}.png") as picture:
        height = min(round(picture.height * small / picture.width), HEIGHT_MAX)
        cut = picture.crop((0, 0, picture.width, round(height * picture.width / small)))
        small_one = cut.convert("RGB").resize((small, height))
        small_one.save(PICTURES / target, quality=QUALITY, method=6)
    return target


if __name__ == "__main__":
    sys.exit(main())
