"""Pages under /thong-bao/, and the bell in the header."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.notices import queries, views
from lienthong.web import navigation
from lienthong.web.navigation import Link

app_name = "notices"
urlpatterns = [
    path("", views.box, name="box"),
    path("da-doc", views.read_all, name="read_all"),
    path("<int:pk>", views.open_notice, name="open"),
]


def _bell(request: HttpRequest) -> Link | None:
    actor = getattr(request, "actor", None)
    if actor is None:
        return None
    return Link(_("Thông báo"), reverse("notices:box"), "bell", count=queries.unread(actor) or None)


navigation.register_tool("notices", _bell)
