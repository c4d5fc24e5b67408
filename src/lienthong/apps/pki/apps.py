"""How Django finds this context."""

from django.apps import AppConfig


class PkiConfig(AppConfig):
    name = "lienthong.apps.pki"
    label = "pki"
    verbose_name = "Chứng thực"
    default_auto_field = "django.db.models.BigAutoField"
