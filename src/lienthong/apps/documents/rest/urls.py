"""Addresses of the REST interface, and of the page where tokens are made."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from lienthong.apps.documents.rest import pages, views
from lienthong.apps.documents.rest.door import door

READ, REGISTER, DIRECT, DRAFT, SEARCH = (
    "documents.read",
    "documents.register",
    "documents.direct",
    "documents.draft",
    "documents.search",
)
urlpatterns = [
    path("ket-noi/", pages.connections, name="connections"),
    path("ket-noi/ma", pages.token_make, name="token_make"),
    path("ket-noi/ma/<int:pk>/thu-hoi", pages.token_revoke, name="token_revoke"),
    path("api/v1/openapi.json", login_not_required(views.description), name="api_description"),
    path("api/v1/incoming", door(get=(READ, views.incoming_list))),
    path("api/v1/incoming/<uuid:pk>", door(get=(READ, views.incoming_one))),
    path("api/v1/incoming/<uuid:pk>/register", door(post=(REGISTER, views.register))),
    path("api/v1/incoming/<uuid:pk>/direct", door(post=(DIRECT, views.direct))),
    path("api/v1/incoming/<uuid:pk>/start", door(post=(DIRECT, views.start))),
    path("api/v1/incoming/<uuid:pk>/finish", door(post=(DIRECT, views.finish))),
    path("api/v1/incoming/<uuid:pk>/files/<int:position>", door(get=(READ, views.incoming_file))),
    path("api/v1/outgoing", door(get=(READ, views.outgoing_list), post=(DRAFT, views.draft))),
    path(
        "api/v1/outgoing/<uuid:pk>", door(get=(READ, views.outgoing_one), put=(DRAFT, views.change))
    ),
    path("api/v1/outgoing/<uuid:pk>/submit", door(post=(DRAFT, views.submit))),
    path("api/v1/outgoing/<uuid:pk>/file", door(get=(READ, views.outgoing_file))),
    path("api/v1/search", door(get=(SEARCH, views.search))),
]
