"""Pages about the logs of this node, and their entry in the navigation."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

from . import views

app_name = "evidence"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("su-co/<int:pk>/ket-thuc", views.close, name="close"),
]


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or not accounts.can(actor, "evidence.operate"):
        return ()
    logs = Link(_("Nhật ký, nhân chứng"), reverse("evidence:overview"), "journal-text")
    return (Section(_("Bằng chứng"), (logs,)),)


navigation.register("evidence", _sections)
