"""How Django finds this context."""

from django.apps import AppConfig


class AdministrationConfig(AppConfig):
    name = "lienthong.apps.administration"
    label = "administration"
    verbose_name = "Quản trị"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lienthong.apps.administration import policy  # noqa: F401, PLC0415  registers its rules
