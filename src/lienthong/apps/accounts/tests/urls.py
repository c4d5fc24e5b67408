"""A small site for the tests of the door: the pages of `web`, the door, and one page behind it."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from lienthong.apps.accounts import api


def behind(request: HttpRequest) -> JsonResponse:
    actor = api.actor_of(request)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lienthong.organizations', true)")
        [seen] = cursor.fetchone()
    return JsonResponse({"seat": actor.seat_id, "roles": sorted(actor.roles), "scope": seen})


urlpatterns = [
    path("sau-cua", behind, name="behind"),
    path("", include("lienthong.run.urls")),  # what the navigation of any context may name
]
