"""The search page: the box, the filters, what was found and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.models import Document, IncomingDocument, SearchEntry
from lienthong.apps.documents.search import excerpts, language, saved
from lienthong.apps.documents.search.find import Found, Place, find
from lienthong.apps.documents.search.forms import SaveForm, SearchFilter

READ_MAX = 20_000  # letters of a file that are looked through for an excerpt


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the page: the document, its subject with the words marked, a piece of its text."""

    document: Document
    subject: Sequence[excerpts.Piece]
    excerpt: Sequence[excerpts.Piece]
    agency: str


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Tìm kiếm in everything that this person may see."""
    actor = accounts.actor_of(request)
    form = SearchFilter(request.GET)
    typed = request.GET.get("q", "").strip()
    query = form.narrowed(language.parse(typed[:300], timezone.localdate()))
    found = find(actor, query, _place(request.GET.get("sau", "")))
    context = {
        "form": form,
        "query": query,
        "typed": typed,
        "results": _results(found),
        "found": found,
        "instead": sorted(
            word for group in found.query.groups for t in group for word in t.instead
        ),
        "next": _next(request, found),
        "saved": saved.saved_by(actor),
        "save_form": SaveForm(initial={"query": typed}),
        "now": timezone.now(),
    }
    return render(request, "documents/search.html", context)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the question under a name."""
    form = SaveForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Hãy đặt tên cho tìm kiếm cần lưu."))
        return redirect(_page(request.POST.get("query", "")))
    kept = saved.save(accounts.actor_of(request), **form.cleaned_data)
    messages.success(request, _("Đã lưu tìm kiếm “%(name)s”.") % {"name": kept.name})
    return redirect(_page(kept.query))


@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a kept question."""
    saved.forget(accounts.actor_of(request), pk)
    return redirect("documents:search")


def _page(typed: str) -> str:
    return f"{reverse('documents:search')}?{urlencode({'q': typed})}"


def _results(found: Found) -> list[Result]:
    wanted = found.query.words
    hidden = [one.pk for one in found.documents if not excerpts.has_all(one.subject, wanted)]
    texts = dict(
        SearchEntry.objects.filter(pk__in=hidden if wanted else ())
        .exclude(text="")
        .values_list("pk", Left("text", READ_MAX))
    )
    return [
        Result(
            document,
            excerpts.marked(document.subject, wanted),
            excerpts.excerpt(texts.get(document.pk, ""), wanted),
            document.sender_name if isinstance(document, IncomingDocument) else "",
        )
        for document in found.documents
    ]


def _next(request: HttpRequest, found: Found) -> str:
    """The address of the results after these; empty at the end."""
    if found.after is None:
        return ""
    asked = request.GET.copy()
    asked["sau"] = f"{found.after[0].isoformat()}.{found.after[1].hex}"
    return f"?{asked.urlencode()}"


def _place(value: str) -> Place | None:
    on, _, key = value.partition(".")
    try:
        return date.fromisoformat(on), UUID(hex=key)
    except ValueError:
        return None
