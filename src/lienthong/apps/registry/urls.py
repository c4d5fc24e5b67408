"""Pages of the registry, and their entries in the navigation."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

from . import views

app_name = "registry"
urlpatterns = [
    path("", views.agencies, name="agencies"),
    path("co-quan/<int:pk>", views.agency, name="agency"),
    path("co-quan/<int:pk>/khoa", views.lock, name="lock"),
    path("ban-giay", views.papers, name="papers"),
    path("ban-giay/<int:pk>/bo", views.paper_end, name="paper_end"),
]


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or not accounts.can(actor, "registry.operate"):
        return ()
    agencies = Link(_("Danh bạ cơ quan"), reverse("registry:agencies"), "building")
    papers = Link(_("Danh mục bản giấy"), reverse("registry:papers"), "file-earmark-text")
    return (Section(_("Danh bạ"), (agencies, papers)),)


navigation.register("registry", _sections)
