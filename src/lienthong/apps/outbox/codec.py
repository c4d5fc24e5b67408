"""Events as JSON and back: frozen dataclasses of plain values, dates, enums, UUIDs and tuples."""

from __future__ import annotations

import dataclasses
import enum
import types
import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.apps import apps


def name_of(thing: type | Callable[..., Any]) -> str:
    """The name under which an event or a handler is kept: its context and its own name.

    The module inside the context is left out, so that rows survive a move between modules:
    `take_arrival` of `lienthong.apps.documents.incoming.arriving` is "documents.take_arrival".
    """
    config = apps.get_containing_app_config(thing.__module__)
    module = thing.__module__
    package = config.name if config else module.rpartition(".")[0]
    return f"{package.removeprefix('lienthong.apps.')}.{thing.__qualname__}"


def encode(event: Any) -> dict[str, Any]:
    """Return the fields of an event as JSON values. Raises TypeError for any other thing."""
    if not dataclasses.is_dataclass(event) or isinstance(event, type):
        raise TypeError(f"an event is an instance of a frozen dataclass, not {event!r}")
    return {field.name: _plain(getattr(event, field.name)) for field in dataclasses.fields(event)}


def _plain(value: Any) -> Any:
    match value:
        case enum.Enum():
            return value.value
        case None | bool() | int() | str() | float():
            return value
        case datetime() | date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case tuple() | list():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            raise TypeError(f"an event cannot carry {type(value).__name__}")


def decode(event_type: type, data: dict[str, Any]) -> Any:
    """Return the event whose fields are `data`. A field added later takes its default."""
    hints = get_type_hints(event_type)
    known = {field.name for field in dataclasses.fields(event_type)}
    fields = {name: _typed(hints[name], value) for name, value in data.items() if name in known}
    return event_type(**fields)


def _typed(hint: Any, value: Any) -> Any:  # noqa: PLR0911  one line for each kind of hint
    origin = get_origin(hint)
    if value is None:
        return None
    if origin in {Union, types.UnionType}:
        wanted = [option for option in get_args(hint) if option is not type(None)]
        return _typed(wanted[0], value) if len(wanted) == 1 else value
    if origin is tuple:
        item = get_args(hint)[0]
        return tuple(_typed(item, each) for each in value)
    if not isinstance(hint, type):
        return value
    if issubclass(hint, (datetime, date)):
        return hint.fromisoformat(value)
    if issubclass(hint, (enum.Enum, uuid.UUID)):
        return hint(value)
    return value
