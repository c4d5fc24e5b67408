"""Pages of the auditor: find in the journal, read one history, take out what was found."""

from __future__ import annotations

import json
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.journal import policy, queries
from lienthong.apps.journal.actions import record
from lienthong.apps.journal.forms import READINGS, SearchForm
from lienthong.apps.journal.models import Entry, Reading
from lienthong.web import answers

PAGE_SIZE = 50
EXPORT_MAX = 20_000


def _asked(form: SearchForm) -> dict[str, Any]:
    """What was typed; a field that could not be read is left out."""
    given = form.cleaned_data if form.is_valid() or hasattr(form, "cleaned_data") else {}
    return {
        "text": given.get("q") or "",
        "since": given.get("since"),
        "until": given.get("until"),
    }


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Tra cứu lịch sử: acts and looks of one's own organization."""
    accounts.check(accounts.actor_of(request), "journal.audit")
    form = SearchForm(request.GET)
    asked, is_readings = _asked(form), request.GET.get("kind") == READINGS
    found = (queries.found_readings if is_readings else queries.found_entries)(**asked)
    context = {
        "form": form,
        "is_readings": is_readings,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang")),
        "names": policy.act_names(),
        "query": request.GET.urlencode(),
    }
    return render(request, "journal/audit.html", context)


@require_safe
def subject(request: HttpRequest) -> HttpResponse:
    """Lịch sử của một đối tượng: everything that happened to it, and who opened it."""
    accounts.check(accounts.actor_of(request), "journal.audit")
    wanted = request.GET.get("ma", "")[:200]
    context = {
        "subject": wanted,
        "entries": queries.history(wanted),
        "readings": queries.readings(wanted)[:PAGE_SIZE],
        "names": policy.act_names(),
    }
    return render(request, "journal/subject.html", context)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Take out what was found, as CSV. Wants a fresh proof (TM-X-07), and is written down."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "journal.audit")
    accounts.check_fresh(request)
    form = SearchForm(request.POST)
    asked, is_readings = _asked(form), request.POST.get("kind") == READINGS
    if is_readings:
        rows = [_reading_row(each) for each in queries.found_readings(**asked)[:EXPORT_MAX]]
    else:
        rows = [_entry_row(each) for each in queries.found_entries(**asked)[:EXPORT_MAX]]
    with transaction.atomic():
        record(
            organization_id=actor.organization_id,
            act="journal.exported",
            subject=f"journal:{actor.organization_id}",
            actor=actor,
            facts={**asked, "kind": READINGS if is_readings else "acts", "rows": len(rows)},
        )
    head = [_("Lúc"), _("Người"), _("Chức vụ"), _("Việc đã làm"), _("Đối tượng"), _("Chi tiết")]
    return answers.csv_file([head, *rows], f"lich-su-{timezone.localdate().isoformat()}.csv")


def _entry_row(entry: Entry) -> list[str]:
    facts = json.dumps(entry.facts, ensure_ascii=False, sort_keys=True)
    who = [entry.actor_name, entry.actor_position]
    return [timezone.localtime(entry.at).isoformat(), *who, entry.act, entry.subject, facts]


def _reading_row(reading: Reading) -> list[str]:
    instead = f"thay {reading.stands_in_for}" if reading.stands_in_for else ""
    return [
        timezone.localtime(reading.at).isoformat(),
        reading.actor_name,
        reading.actor_position,
        _("Xem"),
        reading.subject,
        " ".join(filter(None, [reading.part, instead])),
    ]
