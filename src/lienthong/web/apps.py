"""How Django finds the shared look."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "lienthong.web"
    label = "web"
    verbose_name = "Giao diện"
