"""Checks that every relative link in the Markdown files of the repository leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The fragment names that a Markdown page offers, as GitHub makes them from headings."""
    names = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in _HEADING.findall(text))
    return {re.sub(r"\s", "-", name) for name in names}


def broken(page: Path) -> list[str]:
    """The links of `page` that lead nowhere."""
    found = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            found.append(link)
            continue
        known = anchors(target.read_text(encoding="utf-8")) if target.suffix == ".md" else set()
        if fragment and target.suffix == ".md" and fragment.lower() not in known:
            found.append(link)
    return found


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    pages = [ROOT / name for name in listed if (ROOT / name).exists()]
    failures = [(page.relative_to(ROOT), link) for page in pages for link in broken(page)]
    for page, link in failures:
        print(f"{page}: {link} leads nowhere")
    print(f"{len(pages)} pages, {len(failures)} broken links")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
