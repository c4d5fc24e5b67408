"""Components of the shared look: `{% load web %}`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

register = template.Library()

SECONDS_A_MINUTE, SECONDS_AN_HOUR = 60, 3600
MINUTES_AN_HOUR, MINUTES_A_DAY = 60, 24 * 60
SIZE_STEP = 1024


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite. Without a label it is decoration and is silent."""
    href = static("lienthong/icons.svg")
    if label:
        return format_html(
            '<svg class="lt-icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>',
            label,
            href,
            name,
        )
    return format_html(
        '<svg class="lt-icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        href,
        name,
    )


@register.filter
def moment(value: datetime | None) -> SafeString:
    """`13:05, 02/03/2026` on Vietnam's clock, with the exact time for machines."""
    if value is None:
        return SafeString("")
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(), local.strftime("%H:%M, %d/%m/%Y")
    )


@register.filter
def day(value: date | datetime | None) -> SafeString:
    """`02/03/2026`."""
    if value is None:
        return SafeString("")
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(), value.strftime("%d/%m/%Y")
    )


@register.filter
def ago(value: datetime | None) -> SafeString:
    """How long ago, in plain words; the exact moment is in the title."""
    if value is None:
        return SafeString("")
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        local.strftime("%H:%M:%S %d/%m/%Y"),
        _ago_in_words(local, timezone.localtime()),
    )


def _ago_in_words(value: datetime, now: datetime) -> str:
    seconds = int((now - value).total_seconds())
    if seconds < SECONDS_A_MINUTE:
        return gettext("vừa xong")
    if seconds < SECONDS_AN_HOUR:
        minutes = seconds // SECONDS_A_MINUTE
        return ngettext("%(count)d phút trước", "%(count)d phút trước", minutes) % {
            "count": minutes
        }
    if value.date() == now.date():
        return gettext("%(time)s hôm nay") % {"time": value.strftime("%H:%M")}
    days = (now.date() - value.date()).days
    if days == 1:
        return gettext("%(time)s hôm qua") % {"time": value.strftime("%H:%M")}
    return value.strftime("%d/%m/%Y")


@register.inclusion_tag("web/components/due.html")
def due(value: date | datetime | None, done: bool = False) -> dict[str, Any]:
    """A due time in plain words: "còn 2 ngày", "quá hạn 3 ngày"."""
    if value is None:
        return {"value": None}
    now = timezone.localtime()
    if isinstance(value, datetime):
        value = timezone.localtime(value)
        exact = value.strftime("%H:%M, %d/%m/%Y")
        is_past, on = value < now, value.date()
        minutes = abs(int((value - now).total_seconds())) // SECONDS_A_MINUTE
    else:
        exact, is_past, on = value.strftime("%d/%m/%Y"), value < now.date(), value
        minutes = MINUTES_A_DAY
    days = abs((on - now.date()).days)
    return {
        "value": value,
        "machine": value.isoformat(),
        "exact": exact,
        "words": "" if done else _due_in_words(is_past, days, minutes),
        "kind": "calm" if done else _due_kind(is_past, days),
    }


def _due_kind(is_past: bool, days: int) -> str:
    if is_past:
        return "bad"
    return "warn" if days <= 1 else "calm"


def _due_in_words(is_past: bool, days: int, minutes: int) -> str:
    if minutes < MINUTES_A_DAY and days <= 1:
        return _span_in_words(is_past, minutes)
    if is_past:
        return ngettext("quá hạn %(count)d ngày", "quá hạn %(count)d ngày", days) % {"count": days}
    if days <= 1:
        return gettext("hạn ngày mai") if days else gettext("hạn hôm nay")
    return ngettext("còn %(count)d ngày", "còn %(count)d ngày", days) % {"count": days}


def _span_in_words(is_past: bool, minutes: int) -> str:
    hours = minutes // MINUTES_AN_HOUR
    if is_past and hours:
        return ngettext("quá hạn %(count)d giờ", "quá hạn %(count)d giờ", hours) % {"count": hours}
    if is_past:
        late = ngettext("quá hạn %(count)d phút", "quá hạn %(count)d phút", minutes)
        return late % {"count": minutes}
    if hours:
        return ngettext("còn %(count)d giờ", "còn %(count)d giờ", hours) % {"count": hours}
    return ngettext("còn %(count)d phút", "còn %(count)d phút", minutes) % {"count": minutes}


@register.simple_tag
def badge(text: str, kind: str = "calm", icon_name: str = "") -> SafeString:
    """A small label. kind: calm, act, good, warn, bad. Meaning is never by colour alone."""
    picture = icon(icon_name) if icon_name else SafeString("")
    return format_html('<span class="lt-badge is-{}">{}{}</span>', kind, picture, text)


@register.filter
def size(value: int) -> str:
    """`180 KB`, `2,4 MB`."""
    if value < SIZE_STEP:
        return f"{value} B"
    if value < SIZE_STEP * SIZE_STEP:
        return f"{value // SIZE_STEP} KB"
    return f"{value / SIZE_STEP / SIZE_STEP:.1f} MB".replace(".", ",")


@register.filter
def initials(name: str) -> str:
    """The letters of a person's picture: Nguyễn Thị Hoa → NH."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def short(value: str, length: int = 12) -> str:
    """The beginning of a long digest or identifier."""
    text = str(value)
    return text if len(text) <= length else f"{text[:length]}…"


@register.inclusion_tag("web/components/field.html")
def field(bound: BoundField, wide: bool = False) -> dict[str, Any]:
    """A labelled form field with its help and errors, tied together for screen readers."""
    described = [f"{bound.id_for_label}-help"] if bound.help_text else []
    described += [f"{bound.id_for_label}-error"] if bound.errors else []
    attrs: dict[str, Any] = {"class": _widget_class(bound)}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    context = {
        "bound": bound,
        "wide": wide,
        "choices": None,
        "widget": "",
        # A field of the other way of writing is hidden; where it shows, it is needed.
        "is_needed": bound.field.required or "data-needed-for" in bound.field.widget.attrs,
    }
    if isinstance(bound.field.widget, RadioSelect):
        return context | {"choices": list(bound)}
    if is_switch := isinstance(bound.field.widget, CheckboxInput):
        del attrs["class"]
    return context | {"widget": bound.as_widget(attrs=attrs), "is_switch": is_switch}


def _widget_class(bound: BoundField) -> str:
    kind = "form-select" if bound.widget_type.endswith("select") else "form-control"
    extra = str(bound.field.widget.attrs.get("class", ""))
    return f"{kind} {'is-invalid' if bound.errors else ''} {extra}".strip()


@register.inclusion_tag("web/components/page_numbers.html", takes_context=True)
def page_numbers(context: template.Context, page: Any) -> dict[str, Any]:
    """Links to the other pages of a list; filters in the address stay."""
    query = context["request"].GET.copy()
    query.pop("trang", None)
    return {"page": page, "query": f"{query.urlencode()}&" if query else ""}


@register.inclusion_tag("web/components/empty.html")
def empty(title: str, text: str = "", icon_name: str = "inbox") -> dict[str, str]:
    """What a list shows when nothing is in it: why, and what to do next."""
    return {"title": title, "text": text, "icon_name": icon_name}


@register.simple_tag(takes_context=True)
def is_here(context: template.Context, url: str, query: str = "") -> bool:
    """Whether `url` is the page being looked at: the entry is marked in the navigation."""
    request = context.get("request")
    if request is None:
        return False
    wanted = query.partition("=")
    same = not query or request.GET.get(wanted[0]) == wanted[2]
    return bool(request.path == url and same)


@register.filter
def join_lines(values: Iterable[Any]) -> str:
    """Several values on one line."""
    return "; ".join(str(value) for value in values)


@register.filter
def timeline_kind(kind: str) -> str:
    """How a line of a history is marked: news from the other side, a setback, or our own act."""
    if kind.endswith(("refused", "returned")) or kind == "status.02":
        return "is-problem"
    return "is-status" if kind.startswith("status.") else "is-act"
