"""The page that maps the rules of the desk to their tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "rule_table.py"


def test_the_page_of_rules_is_what_the_tests_say() -> None:
    done = subprocess.run(
        [sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
