"""The acts of the page of an incoming document: one table, one way to answer.

Each finds the document as the person saw it, reads the form, acts, and goes back to the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.incoming import (
    asking,
    directing,
    forms,
    forwarding,
    handling,
    queries,
    recalling,
    registering,
    replies,
)
from lienthong.apps.documents.incoming.views import show_incoming
from lienthong.apps.documents.models import IncomingDocument

Typed = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One act: its page and address, its form, what it does, and what is said when it is done."""

    name: str
    slug: str
    act: Callable[[Actor, IncomingDocument, Typed], IncomingDocument]
    said: Any
    form: type[forms.ActForm] = forms.ActForm


STEPS = (
    Step(
        "accept",
        "tiep-nhan",
        lambda actor, document, _typed: registering.accept(actor, document),
        _("Đã tiếp nhận, số đến %(number)s."),
    ),
    Step(
        "refuse",
        "tu-choi",
        lambda actor, document, typed: registering.refuse(
            actor, document, typed["reason"], typed["text"]
        ),
        _("Đã từ chối; cơ quan gửi được báo lý do."),
        forms.RefuseForm,
    ),
    Step(
        "submit",
        "trinh",
        lambda actor, document, typed: registering.submit(
            actor, document, typed["to"], typed["note"]
        ),
        _("Đã trình."),
        forms.SubmitForm,
    ),
    Step(
        "assign",
        "phan-cong",
        lambda actor, document, typed: directing.assign(
            actor,
            document,
            lead_seat_id=typed["lead"],
            supporting_seat_ids=typed["supporting"],
            directive=typed["directive"],
            due_on=typed["due_on"],
        ),
        _("Đã phân công xử lý."),
        forms.AssignForm,
    ),
    Step(
        "take_back",
        "rut-lai",
        lambda actor, document, _typed: directing.take_back(actor, document),
        _("Đã rút lại phân công."),
    ),
    Step(
        "hand_over",
        "giao-lai",
        lambda actor, document, typed: directing.hand_over(
            actor, document, typed["seat"], typed["reason"]
        ),
        _("Đã giao người khác chủ trì."),
        forms.HandOverForm,
    ),
    Step(
        "file_away",
        "luu",
        lambda actor, document, typed: handling.file_away(actor, document, typed["note"]),
        _("Đã lưu."),
        forms.FileForm,
    ),
    Step(
        "start",
        "bat-dau",
        lambda actor, document, _typed: handling.start_work(actor, document),
        _("Văn bản đang được xử lý; cơ quan gửi đã được báo."),
    ),
    Step(
        "note",
        "tien-do",
        lambda actor, document, typed: handling.note_progress(actor, document, typed["text"]),
        _("Đã ghi tiến độ."),
        forms.ProgressForm,
    ),
    Step(
        "reply",
        "tra-loi",
        lambda actor, document, typed: replies.link_reply(
            actor, document, UUID(typed["outgoing"]), closes=typed["closes"]
        ),
        _("Đã gắn văn bản trả lời."),
        forms.ReplyForm,
    ),
    Step(
        "ask_opinion",
        "xin-y-kien",
        lambda actor, document, typed: asking.ask_opinion(
            actor, document, typed["asked"], typed["question"], typed["due_on"]
        ),
        _("Đã gửi xin ý kiến."),
        forms.OpinionForm,
    ),
    Step(
        "give_opinion",
        "y-kien",
        lambda actor, document, typed: asking.give_opinion(actor, document, typed["answer"]),
        _("Đã gửi ý kiến."),
        forms.AnswerForm,
    ),
    Step(
        "ask_extension",
        "xin-gia-han",
        lambda actor, document, typed: asking.ask_extension(
            actor, document, typed["wanted_on"], typed["reason"]
        ),
        _("Đã gửi đề nghị gia hạn."),
        forms.ExtensionForm,
    ),
    Step(
        "decide_extension",
        "gia-han",
        lambda actor, document, typed: asking.decide_extension(
            actor, document, typed["granted"], typed["decision"]
        ),
        _("Đã quyết định; người đề nghị được báo."),
        forms.DecisionForm,
    ),
    Step(
        "forward",
        "chuyen-xuong",
        lambda actor, document, typed: forwarding.forward(
            actor, document, typed["to"], typed["text"], typed["due_on"]
        ),
        _("Đã chuyển xuống."),
        forms.ForwardForm,
    ),
    Step(
        "finish",
        "hoan-thanh",
        lambda actor, document, typed: handling.finish(
            actor,
            document,
            typed["note"],
            dossier_id=typed["dossier"],
            dossier_title=typed["dossier_title"],
        ),
        _("Đã hoàn thành và lưu vào hồ sơ."),
        forms.FinishForm,
    ),
    Step(
        "reopen",
        "mo-lai",
        lambda actor, document, typed: handling.reopen(actor, document, typed["reason"]),
        _("Đã mở lại."),
        forms.ReopenForm,
    ),
    Step(
        "agree_recall",
        "dong-y-thu-hoi",
        lambda actor, document, _typed: recalling.agree_recall(actor, document),
        _("Đã hủy văn bản theo yêu cầu thu hồi và báo cơ quan gửi."),
    ),
    Step(
        "decline_recall",
        "tu-choi-thu-hoi",
        lambda actor, document, typed: recalling.decline_recall(actor, document, typed["reason"]),
        _("Đã từ chối thu hồi và báo cơ quan gửi."),
        forms.DeclineRecallForm,
    ),
)


def page_of(step: Step) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """The view of one act."""

    @require_POST
    def view(request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = accounts.actor_of(request)
        document = queries.incoming_as_seen(actor, pk, request.POST.get("version", ""))
        form = step.form(actor, document, request.POST)
        if not form.is_valid():
            return show_incoming(request, actor, document, form)
        document = step.act(actor, document, form.cleaned_data)
        messages.success(request, step.said % {"number": document.arrival_number})
        if not accounts.can(actor, "documents.view", document):
            return redirect("documents:incoming_list")
        return redirect("documents:incoming_detail", pk)

    return view


def patterns() -> list[URLPattern]:
    """The addresses of the acts."""
    return [
        path(f"den/<uuid:pk>/{step.slug}", page_of(step), name=f"incoming_{step.name}")
        for step in STEPS
    ]
