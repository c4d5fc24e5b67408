"""Pages of the certificate officer, and their entries in the navigation."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.pki.authority import queries, service_views, views
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

app_name = "authority"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("chung-thu/", views.certificates, name="certificates"),
    path("chung-thu/<str:sha256>", views.certificate, name="certificate"),
    path("chung-thu/<str:sha256>/tep", views.certificate_file, name="certificate_file"),
    path("de-nghi/<int:pk>", views.decide, name="decide"),
    path("uy-quyen/", views.mandate_list, name="mandates"),
    path("uy-quyen/moi", views.mandate_new, name="mandate_new"),
    path("uy-quyen/<uuid:pk>", views.mandate, name="mandate"),
    path("uy-quyen/<uuid:pk>/phe-duyet", views.mandate_approve, name="mandate_approve"),
    path("uy-quyen/<uuid:pk>/tu-choi", views.mandate_reject, name="mandate_reject"),
    path("uy-quyen/<uuid:pk>/cham-dut", views.mandate_end, name="mandate_end"),
    path("yeu-cau/", views.requests, name="requests"),
    path("yeu-cau/<uuid:pk>/xac-nhan", views.confirm_hold, name="confirm_hold"),
    path("danh-sach-tin-cay/", service_views.trust_list, name="trust_list"),
    path("danh-sach-tin-cay/ban/<int:sequence>", service_views.issue, name="trust_list_issue"),
    path("danh-sach-tin-cay/de-nghi/<int:pk>", service_views.decide, name="service_decide"),
    path("danh-sach-tin-cay/<str:sha256>/<path:kind>", service_views.service, name="service"),
    path("so-lieu/", views.figures, name="figures"),
    path("nhat-ky-khoa/", views.key_uses, name="key_uses"),
]


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or not accounts.can(actor, "pki.certify"):
        return ()
    waiting = queries.open_holds().count() + queries.open_proposals().count()
    links = (
        Link(
            _("Cấp chứng thư"),
            reverse("authority:overview"),
            "shield-check",
            short=_("Tổng quan"),
            count=waiting or None,
        ),
        Link(
            _("Chứng thư"), reverse("authority:certificates"), "patch-check", short=_("Chứng thư")
        ),
        Link(
            _("Ủy quyền đăng ký"),
            reverse("authority:mandates"),
            "person-badge",
            short=_("Ủy quyền"),
        ),
        Link(_("Yêu cầu đã nhận"), reverse("authority:requests"), "inbox", short=_("Yêu cầu")),
        Link(
            _("Danh sách tin cậy"),
            reverse("authority:trust_list"),
            "clipboard-check",
            short=_("Tin cậy"),
            count=queries.open_service_proposals().count() or None,
        ),
        Link(_("Số liệu đăng ký"), reverse("authority:figures"), "list-task"),
        Link(_("Nhật ký dùng khóa"), reverse("authority:key_uses"), "key"),
    )
    return (Section(_("Chứng thực"), links),)


navigation.register("pki.authority", _sections)
