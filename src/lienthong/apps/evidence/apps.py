"""How Django finds this context."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "lienthong.apps.evidence"
    label = "evidence"
    verbose_name = "Bằng chứng"
    default_auto_field = "django.db.models.BigAutoField"
