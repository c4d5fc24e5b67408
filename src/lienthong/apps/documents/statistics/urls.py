"""Addresses of the statistics."""

from django.urls import path

from lienthong.apps.documents.statistics import views

urlpatterns = [
    path("thong-ke/", views.overview, name="statistics"),
    path("thong-ke/xuat.xlsx", views.export, name="statistics_export"),
    path("thong-ke/<slug:slug>", views.detail, name="statistic"),
]
