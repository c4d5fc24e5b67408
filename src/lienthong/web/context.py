"""What every template may use: who is looking, where they can go, how it looks, the node's name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from lienthong.web import navigation, themes


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor. Each value is worked out only when a template uses it."""
    sections = SimpleLazyObject(lambda: navigation.sections(request))
    return {
        "identity": SimpleLazyObject(lambda: navigation.identity(request)),
        "sections": sections,
        "tools": SimpleLazyObject(lambda: navigation.tools(request)),
        "search_box": SimpleLazyObject(lambda: navigation.search_page(request)),
        "bar": SimpleLazyObject(lambda: navigation.bar(sections)),
        "waits_elsewhere": SimpleLazyObject(lambda: navigation.waits_elsewhere(sections)),
        "theme": themes.theme_of(request),
        "themes": tuple(themes.Theme),
        "node_title": settings.NODE_TITLE,
        "node_kind": settings.NODE_KIND,
        "is_demo": settings.DEMO,
        "csp_nonce": getattr(request, "csp_nonce", ""),
    }
