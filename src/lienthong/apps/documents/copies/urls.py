"""Addresses of electronic copies."""

from django.urls import path

from lienthong.apps.documents.copies import views

urlpatterns = [
    path("den/<uuid:pk>/ban-sao", views.incoming_copy, name="incoming_copy"),
    path("den/<uuid:pk>/ban-sao/<int:copy>", views.incoming_file, name="incoming_copy_file"),
    path("di/<uuid:pk>/ban-sao", views.outgoing_copy, name="outgoing_copy"),
    path("di/<uuid:pk>/ban-sao/<int:copy>", views.outgoing_file, name="outgoing_copy_file"),
]
