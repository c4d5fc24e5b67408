"""Pages about certificates, under /chung-thu/, and their entries in the navigation."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.pki import list_views
from lienthong.apps.pki.registration import desk_views, queries, views
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

app_name = "pki"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("yeu-cau/moi/<str:kind>", views.ask, name="ask"),
    path("bao-mat/<int:certificate_id>", views.report_loss, name="report_loss"),
    path("yeu-cau/<uuid:pk>", views.detail, name="request"),
    path("yeu-cau/<uuid:pk>/minh-chung/<int:paper>", views.evidence, name="evidence"),
    path("yeu-cau/<uuid:pk>/phieu-giao-nhan", views.slip, name="slip"),
    path("yeu-cau/<uuid:pk>/gui", views.submit, name="submit"),
    path("yeu-cau/<uuid:pk>/khoa", views.make_key, name="make_key"),
    path("yeu-cau/<uuid:pk>/xac-nhan", views.confirm, name="confirm"),
    path("yeu-cau/<uuid:pk>/kiem-tra", views.verify, name="verify"),
    path("yeu-cau/<uuid:pk>/duyet", views.approve, name="approve"),
    path("yeu-cau/<uuid:pk>/tra-lai", views.return_request, name="return"),
    path("yeu-cau/<uuid:pk>/giao", views.deliver, name="deliver"),
    path("yeu-cau/<uuid:pk>/nhan", views.accept, name="accept"),
    path("yeu-cau/<uuid:pk>/nguoi-thu-hai", views.second, name="second"),
    path("yeu-cau/<uuid:pk>/rut", views.withdraw, name="withdraw"),
    path("danh-sach-tin-cay", list_views.trust_list, name="trust_list"),
    path("dang-ky/", desk_views.worklist, name="worklist"),
    path("dang-ky/duyet", desk_views.approve_chosen, name="approve_chosen"),
    path("dang-ky/chung-thu/", desk_views.certificates, name="certificates"),
    path("dang-ky/chung-thu/<int:certificate_id>/<str:kind>", desk_views.propose, name="propose"),
    path("dang-ky/tam-dung/<int:certificate_id>", desk_views.hold, name="hold"),
    path("dang-ky/bang/", desk_views.tables, name="tables"),
    path("dang-ky/bang/<int:pk>", desk_views.table, name="table"),
]


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or settings.NODE_KIND == "axis":
        return ()
    mine = Link(
        _("Chứng thư của tôi"),
        reverse("pki:mine"),
        "patch-check",
        short=_("Của tôi"),
        count=queries.to_accept(actor) or None,
    )
    trusted = Link(_("Danh sách tin cậy"), reverse("pki:trust_list"), "clipboard-check")
    if not accounts.can(actor, "pki.register"):
        return (Section(_("Chữ ký số"), (mine, trusted)),)
    worklist = Link(
        _("Đăng ký chứng thư"),
        reverse("pki:worklist"),
        "person-badge",
        short=_("Đăng ký"),
        count=queries.waiting(actor),
    )
    known = Link(
        _("Chứng thư đã cấp"), reverse("pki:certificates"), "shield-check", short=_("Đã cấp")
    )
    tables = Link(_("Bảng đăng ký"), reverse("pki:tables"), "list-task", short=_("Bảng"))
    return (Section(_("Chữ ký số"), (worklist, known, tables, mine, trusted)),)


navigation.register("pki", _sections)
