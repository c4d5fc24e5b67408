"""Collect the Vietnamese texts of the pages, keep their English, and compile it.

    python tools/compile_messages.py            collect into django.po, compile django.mo
    python tools/compile_messages.py --check    exit 1 when a text has no English or a file is stale

Texts come from templates (translate, blocktranslate), from gettext calls in Python, and from `text`
of the Problem classes. No GNU gettext is needed.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parent.parent / "src" / "lienthong"
FOLDER = SOURCE / "web" / "locale" / "en" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"

CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}
CALL_IN_TEMPLATE = re.compile(r"\b(_|gettext|ngettext)\(")

Found = tuple[str | tuple[str, str], str]


def from_python(path: Path) -> Iterator[Found]:
    """Texts of gettext calls, and of Problem classes (a `code` beside the `text`)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in CALLS:
            texts = [arg.value for arg in node.args[:2] if _is_text(arg)]  # type: ignore[attr-defined]
            if texts:
                is_plural = _name(node.func).startswith("ngettext") and len(texts) == 2
                yield (texts[0], texts[1]) if is_plural else texts[0], _place(path)
        if isinstance(node, ast.ClassDef):
            given = {
                _name(item.targets[0]): item.value
                for item in node.body
                if isinstance(item, ast.Assign) and _is_text(item.value)
            }
            if {"code", "text"} <= set(given):
                yield given["text"].value, _place(path)  # type: ignore[attr-defined]


def from_template(path: Path) -> Iterator[Found]:
    """Texts of the translate and blocktranslate tags."""
    from django.utils.translation.template import templatize  # noqa: PLC0415  after configure

    code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for found in CALL_IN_TEMPLATE.finditer(code):
        call = _whole_call(code, found.start())
        node = ast.parse(call, mode="eval").body
        assert isinstance(node, ast.Call)  # noqa: S101  the pattern begins a call
        texts = [arg.value for arg in node.args[:2] if _is_text(arg)]  # type: ignore[attr-defined]
        is_plural = found.group(1) == "ngettext"
        yield (texts[0], texts[1]) if is_plural else texts[0], _place(path)


def _whole_call(code: str, start: int) -> str:
    """The call that begins at `start`: the shortest piece that is an expression."""
    end = start
    while (end := code.find(")", end) + 1) > 0:
        piece = code[start:end]
        try:
            ast.parse(piece, mode="eval")
        except SyntaxError:
            continue
        return piece
    raise ValueError(f"no end of call in {code[start : start + 60]!r}")


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != ""


def _place(path: Path) -> str:
    return path.relative_to(SOURCE.parent).as_posix()


def collect() -> Catalog:
    """Every text there is now, with the English known so far."""
    from django.conf import settings  # noqa: PLC0415

    if not settings.configured:
        settings.configure(USE_I18N=True)
    found = Catalog(locale="en", project="Liên Thông", charset="utf-8", fuzzy=False)
    sources = [(path, from_python) for path in SOURCE.rglob("*.py") if "tests" not in path.parts]
    sources += [(path, from_template) for path in SOURCE.rglob("templates/**/*.html")]
    for path, read in sorted(sources):
        for text, place in read(path):
            found.add(text, locations=[(place, 0)])
    if PO.exists():
        known = read_po(PO.open("rb"), locale="en")
        for message in found:
            old = known.get(message.id) if message.id else None
            if old is not None and old.string:
                message.string = old.string
                message.flags.discard("fuzzy")
    return found


def _as_po(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, width=100, omit_header=True, sort_output=True, include_lineno=False)
    return HEADER.encode() + out.getvalue()


HEADER = """# English texts of Liên Thông. Collected by tools/compile_messages.py, written here.
msgid ""
msgstr ""
"Language: en\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def _as_mo(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    catalog.header_comment = ""
    write_mo(out, catalog)
    return out.getvalue()


def missing(catalog: Catalog) -> list[str]:
    """The texts that have no English yet."""
    return [str(message.id) for message in catalog if message.id and not _is_done(message)]


def _is_done(message: Message) -> bool:
    given = message.string
    return bool(given) if isinstance(given, str) else all(given or [""])


def _is_compiled(catalog: Catalog) -> bool:
    """Say whether the .mo gives the English of every text."""
    if not MO.exists():
        return False
    known = GNUTranslations(MO.open("rb"))
    return all(_compiled(known, message) == message.string for message in catalog if message.id)


def _compiled(known: GNUTranslations, message: Message) -> str | tuple[str, str]:
    if isinstance(message.id, str):
        return known.gettext(message.id)
    one, many = message.id[0], message.id[1]
    return known.ngettext(one, many, 1), known.ngettext(one, many, 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 when stale")
    check = parser.parse_args().check
    catalog = collect()
    without = missing(catalog)
    for text in without:
        sys.stderr.write(f"no English: {text}\n")
    if check:
        stale = not PO.exists() or PO.read_bytes() != _as_po(catalog) or not _is_compiled(catalog)
        if stale:
            sys.stderr.write("stale: run python tools/compile_messages.py\n")
        return 1 if without or stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(_as_po(catalog))
    MO.write_bytes(_as_mo(read_po(io.BytesIO(_as_po(catalog)), locale="en")))
    print(f"{len(catalog)} texts, {len(without)} without English")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
