"""The address of the work desk."""

from django.urls import path

from lienthong.apps.documents.desk import views

urlpatterns = [
    path("", views.desk, name="desk"),
]
