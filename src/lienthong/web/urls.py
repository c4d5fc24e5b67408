"""Pages of the node itself."""

from django.urls import path
from django.views.i18n import set_language

from lienthong.web import pages, themes

urlpatterns = [
    path("", pages.home, name="home"),
    path("ngon-ngu/", set_language, name="set_language"),
    path("giao-dien/", themes.choose, name="set_theme"),
    path("suc-khoe", pages.health, name="health"),
]
