"""Pages of the document desk, and their entries in the navigation."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.documents import copy_pages, queries, report_pages, views
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

app_name = "documents"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("den/", views.incoming_list, name="incoming_list"),
    path("den/<uuid:pk>", views.incoming_detail, name="incoming_detail"),
    path("den/<uuid:pk>/tiep-nhan", views.incoming_accept, name="incoming_accept"),
    path("den/<uuid:pk>/tu-choi", views.incoming_refuse, name="incoming_refuse"),
    path("den/<uuid:pk>/phan-cong", views.incoming_assign, name="incoming_assign"),
    path("den/<uuid:pk>/bat-dau", views.incoming_start, name="incoming_start"),
    path("den/<uuid:pk>/hoan-thanh", views.incoming_finish, name="incoming_finish"),
    path("den/<uuid:pk>/trang/<int:page>.png", views.incoming_page, name="incoming_page"),
    path("den/<uuid:pk>/tep/<int:position>", views.incoming_file, name="incoming_file"),
    path("den/<uuid:pk>/ket-qua-kiem-tra.json", views.incoming_report, name="incoming_report"),
    path("den/<uuid:pk>/kiem-tra", report_pages.incoming_page, name="incoming_verification"),
    path("den/<uuid:pk>/bao-cao.pdf", report_pages.incoming_pdf, name="incoming_report_pdf"),
    path("den/<uuid:pk>/bao-cao.jws", report_pages.incoming_jws, name="incoming_report_jws"),
    path("den/<uuid:pk>/ban-sao", copy_pages.incoming_copy, name="incoming_copy"),
    path("den/<uuid:pk>/ban-sao/<int:copy>", copy_pages.incoming_file, name="incoming_copy_file"),
    path("den/<uuid:pk>/chung-cu", report_pages.incoming_evidence, name="incoming_evidence"),
    path("di/", views.outgoing_list, name="outgoing_list"),
    path("di/soan", views.outgoing_compose, name="outgoing_compose"),
    path("di/<uuid:pk>", views.outgoing_detail, name="outgoing_detail"),
    path("di/<uuid:pk>/sua", views.outgoing_edit, name="outgoing_edit"),
    path("di/<uuid:pk>/trinh", views.outgoing_submit, name="outgoing_submit"),
    path("di/<uuid:pk>/duyet", views.outgoing_approve, name="outgoing_approve"),
    path("di/<uuid:pk>/tra-lai", views.outgoing_return, name="outgoing_return"),
    path("di/<uuid:pk>/ky", views.outgoing_sign, name="outgoing_sign"),
    path("di/<uuid:pk>/dong-dau", views.outgoing_seal, name="outgoing_seal"),
    path("di/<uuid:pk>/phat-hanh", views.outgoing_dispatch, name="outgoing_dispatch"),
    path("di/<uuid:pk>/ban-pdf", views.outgoing_pdf, name="outgoing_pdf"),
    path("di/<uuid:pk>/trang/<int:page>.png", views.outgoing_page, name="outgoing_page"),
    path("di/<uuid:pk>/goi-tin", views.outgoing_packet, name="outgoing_packet"),
    path(
        "di/<uuid:pk>/goi-tin.p7s",
        views.outgoing_packet_signature,
        name="outgoing_packet_signature",
    ),
    path("di/<uuid:pk>/bien-nhan", views.outgoing_receipt, name="outgoing_receipt"),
    path("di/<uuid:pk>/chu-ky", views.outgoing_signatures, name="outgoing_signatures"),
    path("di/<uuid:pk>/kiem-tra", report_pages.outgoing_page, name="outgoing_verification"),
    path("di/<uuid:pk>/bao-cao.pdf", report_pages.outgoing_pdf, name="outgoing_report_pdf"),
    path("di/<uuid:pk>/bao-cao.jws", report_pages.outgoing_jws, name="outgoing_report_jws"),
    path("di/<uuid:pk>/ban-sao", copy_pages.outgoing_copy, name="outgoing_copy"),
    path("di/<uuid:pk>/ban-sao/<int:copy>", copy_pages.outgoing_file, name="outgoing_copy_file"),
    path("di/<uuid:pk>/chung-cu", report_pages.outgoing_evidence, name="outgoing_evidence"),
    path("kiem-tra/", report_pages.check_file, name="check_file"),
]

OUTSIDE_THE_DESK = frozenset({Role.AXIS_OPERATOR, Role.REGISTRAR, Role.CERTIFICATE_OFFICER})


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or actor.roles <= OUTSIDE_THE_DESK:
        return ()
    counts = queries.counts(actor)
    waiting = sum(count for name, count in counts.items() if name != "overdue")
    desk = Link(
        _("Bàn làm việc"),
        reverse("documents:desk"),
        "house",
        short=_("Việc"),
        count=waiting,
        is_alarm=counts["overdue"] > 0,
    )
    incoming = Link(_("Văn bản đến"), reverse("documents:incoming_list"), "inbox", short=_("Đến"))
    outgoing = Link(_("Văn bản đi"), reverse("documents:outgoing_list"), "send", short=_("Đi"))
    compose = Link(
        _("Soạn văn bản"),
        reverse("documents:outgoing_compose"),
        "file-earmark-plus",
        short=_("Soạn"),
    )
    check = Link(
        _("Kiểm tra tệp"), reverse("documents:check_file"), "shield-check", short=_("Kiểm tra")
    )
    may_draft = accounts.can(actor, "documents.draft")
    return (
        Section(_("Việc hôm nay"), (desk,)),
        Section(_("Văn bản"), (incoming, outgoing, *([compose] if may_draft else []), check)),
    )


navigation.register("documents", _sections)
