"""Memory by identity: what was worked out for these very objects.

To find a certificate in a memory by value, all of its bytes are hashed, which takes longer than
most of what is asked about it; and one verification asks a dozen times (SG 11.2).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

KEPT_MAX = 8192

P = ParamSpec("P")
T = TypeVar("T")

_forgetting: list[Callable[[], None]] = []


def by_identity(function: Callable[P, T]) -> Callable[P, T]:
    """A function of unchanging objects, with a memory by identity before one by value.

    The arguments are kept with their result, so that no other object can get their identity.
    """
    by_value: Callable[..., T] = lru_cache(maxsize=KEPT_MAX)(function)
    kept: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

    @wraps(function)
    def remembering(*args: P.args, **kwargs: P.kwargs) -> T:
        if kwargs:
            return by_value(*args, **kwargs)
        key = tuple(map(id, args))
        found = kept.get(key)
        if found is not None:
            return found[1]
        result = by_value(*args)
        if len(kept) >= KEPT_MAX:
            kept.clear()
        kept[key] = args, result
        return result

    _forgetting.extend((kept.clear, by_value.cache_clear))  # type: ignore[attr-defined]
    return remembering


def forget() -> None:
    """Empty all of these memories (for measuring and for tests)."""
    for clear in _forgetting:
        clear()
