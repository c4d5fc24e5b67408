"""Writes docs/reference/desk-rules.md: each rule of the document desk and the tests that cite it.

A test cites a rule by its number, as in "DX-23" or "F-07": in its name's line, its docstring, its
comments or its body. A number in the docstring of a module counts for the file.

    tools/rule_table.py            writes the page
    tools/rule_table.py --check    exits 1 when the page is not what would be written
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "tools" / "desk_rules.toml"
PAGE = ROOT / "docs" / "reference" / "desk-rules.md"
_NUMBER = re.compile(r"(?<![\w-])(?:DX|F)-\d{2}(?!\d)")
_HEAD = """# Rules of the desk and their tests

Made by `tools/rule_table.py` from `tools/desk_rules.toml` and the tests; do not edit. A rule
without a test says so.
"""


def citations(source: str) -> Iterator[tuple[str, str]]:
    """Yield (rule, test) for each number cited in a test module; the test is "" for the module.

    A test in a class is named "Class::test".
    """
    tree = ast.parse(source)
    for rule in _NUMBER.findall(ast.get_docstring(tree) or ""):
        yield rule, ""
    for name, test in _tests(tree.body):
        first = min([test.lineno, *(one.lineno for one in test.decorator_list)])
        body = source.splitlines()[first - 1 : test.end_lineno]
        for rule in _NUMBER.findall("\n".join(body)):
            yield rule, name


def _tests(
    body: Sequence[ast.stmt], outer: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _tests(node.body, f"{outer}{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "test" in node.name:
            yield f"{outer}{node.name}", node


def cited(root: Path) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """For each rule the test files that cite it, with the names of the tests in them."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for folder in ("src", "tests"):
        for path in (root / folder).rglob("test_*.py"):
            for rule, test in citations(path.read_text("utf-8")):
                found[rule][path.relative_to(root).as_posix()].add(test)
    return {
        rule: {path: sorted(tests - {""}) for path, tests in sorted(files.items())}
        for rule, files in found.items()
    }


def page(root: Path) -> str:
    """The whole text of the page."""
    parts = tomllib.loads(RULES.read_text("utf-8"))["part"]
    found = cited(root)
    lines = [_HEAD]
    for part in parts:
        lines += [f"## {part['name']}\n", "| rule | says | tests |", "|---|---|---|"]
        lines += [
            f"| {rule} | {text} | {_cell(found.get(rule, {}))} |" for rule, text in part["rules"]
        ]
        lines.append("")
    rules = [rule for part in parts for rule, _ in part["rules"]]
    tested = sum(rule in found for rule in rules)
    lines.append(f"{tested} of {len(rules)} rules are cited by a test.")
    return "\n".join(lines) + "\n"


def _cell(files: Mapping[str, Sequence[str]]) -> str:
    if not files:
        return "**none**"
    return "<br>".join(
        f"[{path.rpartition('/')[2]}](../../{path})"
        + (": " + ", ".join(f"`{test}`" for test in tests) if tests else "")
        for path, tests in files.items()
    )


def main(arguments: Sequence[str]) -> int:
    wanted = page(ROOT)
    if "--check" not in arguments:
        PAGE.write_text(wanted, "utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text("utf-8") == wanted:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is not up to date: run .venv/bin/python tools/rule_table.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
