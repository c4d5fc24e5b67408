"""How Django finds this context."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "lienthong.apps.documents"
    label = "documents"
    verbose_name = "Văn bản"
    default_auto_field = "django.db.models.BigAutoField"
