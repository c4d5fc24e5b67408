"""What import-linter does not see: foreign keys, problem texts, settings, docstrings, XML."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from django.apps import apps
from django.db.models import Field

import lienthong
from lienthong.core.errors import Problem, catalogue

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(lienthong.__file__).parent
NOT_IMPORTED = re.compile(r"\.(tests|migrations|wsgi|asgi|pytest_\w+|__main__)(\.|$)")

# Modules that work before Django has settings, or without it.
BEFORE_SETTINGS = {
    "run/commands/doctor.py",
    "run/commands/migrate.py",
    "run/commands/verify.py",
    "run/node.py",
    "run/postgres.py",
    "run/pytest_database.py",
    "run/pytest_plugin.py",
}


def sources() -> list[Path]:
    """Every module of the product: without tests and migrations."""
    return [
        path
        for path in sorted(SOURCE.rglob("*.py"))
        if not {"tests", "migrations"} & set(path.relative_to(SOURCE).parts)
    ]


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


TREES = {name_of(path): ast.parse(path.read_text("utf-8")) for path in sources()}


def ranks() -> dict[str, int]:
    """Contexts from the contract in pyproject.toml: the higher number may know the lower."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["name"] == "Contexts point down")
    return {
        context.strip(" ()"): rank
        for rank, layer in enumerate(reversed(layers))
        for context in layer.split("|")
    }


def context_of(model_module: str) -> str:
    """lienthong.apps.exchange.hub.models -> exchange.hub."""
    parts = model_module.split(".")
    return ".".join(parts[2 : parts.index("models")])


def relations() -> Iterator[tuple[str, str, str]]:
    """(field, context it is in, context it points to) for relations between our models."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            target = field.related_model if isinstance(field, Field) else None
            if not isinstance(target, type):
                continue
            ours = [each.__module__.startswith("lienthong.apps.") for each in (model, target)]
            if all(ours):
                label = f"{model.__name__}.{field.name}"
                yield label, context_of(model.__module__), context_of(target.__module__)


def test_foreign_keys_point_down() -> None:
    rank, found = ranks(), list(relations())

    wrong = [
        f"{label} points from {source} to {target}"
        for label, source, target in found
        if not f"{source}.".startswith(f"{target}.")  # a part may point to its own context
        and rank[source.split(".")[0]] <= rank[target.split(".")[0]]
    ]

    assert found
    assert wrong == []


@pytest.fixture(scope="module")
def problems() -> dict[str, type[Problem]]:
    """Every problem of the product, once all its modules are loaded."""
    for module in pkgutil.walk_packages(lienthong.__path__, "lienthong."):
        if not NOT_IMPORTED.search(module.name):
            importlib.import_module(module.name)
    return {
        code: each
        for code, each in catalogue().items()
        if each.__module__.startswith("lienthong.") and ".tests" not in each.__module__
    }


def test_every_problem_has_a_code_of_its_context(problems: dict[str, type[Problem]]) -> None:
    wrong = [
        f"{each.__qualname__} of {each.__module__}: {code}"
        for code, each in problems.items()
        if not re.fullmatch(r"[a-z_]+\.[a-z0-9]+(_[a-z0-9]+)*", code)
        or code.split(".")[0] not in each.__module__.split(".")
    ]

    assert problems
    assert wrong == []


def test_every_problem_speaks_vietnamese(problems: dict[str, type[Problem]]) -> None:
    wrong = [
        f"{code}: {each.text!r}"
        for code, each in problems.items()
        if "text" not in vars(each)
        or each.text == Problem.text
        or not re.search(r"[à-ỹĂăĐđƠơƯư]", each.text)
        or not all(name.isidentifier() for _, name, _, _ in Formatter().parse(each.text) if name)
    ]

    assert wrong == []


def test_every_problem_is_a_refusal_in_http(problems: dict[str, type[Problem]]) -> None:
    assert [code for code, each in problems.items() if not 400 <= each.status <= 599] == []


def environment_readers() -> set[str]:
    """Modules that use the environment for more than to say which settings Django has."""
    names = {"environ", "environb", "getenv", "getenvb"}
    harmless = "os.environ.setdefault('DJANGO_SETTINGS_MODULE',"
    readers = set()
    for module, tree in TREES.items():
        nodes = list(ast.walk(tree))
        uses = sum(isinstance(node, ast.Attribute) and node.attr in names for node in nodes)
        uses += sum(
            alias.name in names
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        )
        calls = (ast.unparse(node) for node in nodes if isinstance(node, ast.Call))
        if uses > sum(call.startswith(harmless) for call in calls):
            readers.add(module)
    return readers


def test_the_environment_is_read_in_one_place() -> None:
    assert environment_readers() - BEFORE_SETTINGS == {"run/settings.py"}


def test_every_setting_is_described() -> None:
    described = set(
        re.findall(
            r"LIENTHONG_[A-Z_]+[A-Z]", (ROOT / "docs/reference/settings.md").read_text("utf-8")
        )
    )
    used = {
        name
        for path in sources()
        for name in re.findall(r"\bLIENTHONG_[A-Z_]+[A-Z]\b", path.read_text("utf-8"))
    }

    assert used - described == set(), "not in docs/reference/settings.md"
    assert described - used == set(), "described, but gone from the code"


def test_every_folder_says_what_it_owns() -> None:
    folders = [name for name in TREES if name.endswith("__init__.py")]

    silent = [name for name in folders if not ast.get_docstring(TREES[name])]

    assert len(folders) > 10
    assert silent == []


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


XML_LIBRARIES = re.compile(r"(lxml|xml|defusedxml|bs4|html5lib|xmltodict|untangle)(\.|$)")
XML_READERS = {
    "HTML",
    "HTMLParser",
    "HTMLPullParser",
    "XInclude",
    "XML",
    "XMLID",
    "XMLParser",
    "XMLPullParser",
    "XSLT",
    "fromstring",
    "fromstringlist",
    "iterparse",
    "parse",
    "parseid",
}


def test_xml_is_read_by_one_parser() -> None:
    """Threat model §5.1: one factory, so one place decides on DTDs, entities and limits."""
    users = {
        module for module, tree in TREES.items() if any(map(XML_LIBRARIES.match, imports(tree)))
    }
    readers = {
        module
        for module in users
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute)
        and node.attr in XML_READERS
        and isinstance(node.value, ast.Name)
        and node.value.id == "etree"
    }
    ways = {
        name
        for module in users
        for name in imports(TREES[module])
        if XML_LIBRARIES.match(name) and name not in {"lxml", "lxml.etree"}
    }

    known = (
        "core/edxml/",
        "core/signing/xml",
        "core/signing/trust_list.py",
        "apps/documents/dossiers/xml_file.py",
    )
    assert {module for module in users if not module.startswith(known)} == set()
    assert readers == {"core/edxml/xml.py"}
    assert ways == set(), "lxml is used as `from lxml import etree`, so that this test sees it"
