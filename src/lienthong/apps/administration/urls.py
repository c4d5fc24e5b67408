"""Pages of administration, and their entries in the navigation."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.administration import people, people_pages, views
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

app_name = "administration"
urlpatterns = [
    path("don-vi/", views.unit_list, name="units"),
    path("don-vi/<int:pk>", views.unit_detail, name="unit"),
    path("don-vi/quyet-dinh/<int:pk>/rut", views.change_withdraw, name="change_withdraw"),
    path("nguoi-dung/", people_pages.person_list, name="people"),
    path("nguoi-dung/them", people_pages.person_enter, name="person_enter"),
    path("nguoi-dung/<int:pk>", people_pages.person_detail, name="person"),
    path("nguoi-dung/<int:pk>/tai-khoan", people_pages.person_account, name="person_account"),
    path("nguoi-dung/vi-tri/<int:pk>/ket-thuc", people_pages.seat_end, name="seat_end"),
    path("giao-quyen/", people_pages.grant_list, name="grants"),
    path("giao-quyen/<int:pk>", people_pages.grant_decide, name="grant_decide"),
    path("uy-quyen/", views.delegation_list, name="delegations"),
    path("uy-quyen/<int:pk>/thu-hoi", views.delegation_revoke, name="delegation_revoke"),
    path("ban-giao/", views.hand_over, name="hand_over"),
    path("lich/", views.calendar, name="calendar"),
    path("lich/<slug:on>/bo", views.day_unset, name="day_unset"),
]


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or not accounts.can(actor, "administration.delegate"):
        return ()
    delegations = Link(_("Ủy quyền"), reverse("administration:delegations"), "person-badge")
    if not accounts.can(actor, "administration.manage"):
        grants = _grants(actor) if Role.LEADER in actor.roles else ()
        return (Section(_("Quyền"), (delegations, *grants)),)
    links = (
        Link(_("Người dùng"), reverse("administration:people"), "people", short=_("Người")),
        Link(_("Đơn vị"), reverse("administration:units"), "building", short=_("Đơn vị")),
        *_grants(actor),
        delegations,
        Link(_("Bàn giao"), reverse("administration:hand_over"), "list-task"),
        Link(_("Lịch làm việc"), reverse("administration:calendar"), "clipboard-check"),
    )
    return (Section(_("Quản trị"), links),)


def _grants(actor: accounts.Actor) -> tuple[Link, ...]:
    waiting = people.waiting_grants(actor.organization_id).count()
    if not waiting:
        return ()
    address = reverse("administration:grants")
    return (Link(_("Chờ duyệt giao quyền"), address, "person-check", count=waiting),)


navigation.register("administration", _sections)
