"""Pages of the operator of the axis, and their entries in the navigation."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

from . import views
from .kit import views as kit

app_name = "hub"
urlpatterns = [
    path("goi-tin/", views.packets, name="packets"),
    path("goi-tin/<uuid:pk>", views.packet, name="packet"),
    path("hang-doi/", views.queues, name="queues"),
    path("hang-doi/giao-lai", views.requeue, name="requeue"),
    path("cham-han/", views.lateness, name="lateness"),
    path("don-vi/", views.participants, name="participants"),
    path("he-thong/", kit.listed, name="systems"),
    path("he-thong/moi", kit.new, name="system_new"),
    path("he-thong/de-nghi/<int:pk>", kit.decide, name="proposal_decide"),
    path("he-thong/<str:system_id>", kit.change, name="system"),
    path("he-thong/<str:system_id>/khoa-moi", kit.renew_secret, name="system_secret"),
]


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or not accounts.can(actor, "hub.operate"):
        return ()
    packets = Link(_("Gói tin"), reverse("hub:packets"), "envelope-paper", short=_("Gói tin"))
    queues = Link(_("Hàng đợi"), reverse("hub:queues"), "hourglass-split", short=_("Hàng đợi"))
    parties = Link(_("Đơn vị tham gia"), reverse("hub:participants"), "building", short=_("Đơn vị"))
    systems = Link(
        _("Hệ thống kết nối"), reverse("hub:systems"), "box-arrow-in-right", short=_("Hệ thống")
    )
    late = Link(_("Chậm hạn"), reverse("hub:lateness"), "hourglass-split", short=_("Chậm hạn"))
    return (Section(_("Vận hành trục"), (packets, queues, parties, systems, late)),)


navigation.register("hub", _sections)
