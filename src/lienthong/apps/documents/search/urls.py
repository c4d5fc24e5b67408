"""Addresses of search."""

from django.urls import path

from lienthong.apps.documents.search import views

urlpatterns = [
    path("tim/", views.search, name="search"),
    path("tim/luu", views.save, name="search_save"),
    path("tim/<int:pk>/bo", views.forget, name="search_forget"),
]
