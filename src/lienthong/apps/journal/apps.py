"""How Django finds this context."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "lienthong.apps.journal"
    label = "journal"
    verbose_name = "Nhật ký"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  apps are ready now
        from lienthong.apps.journal import anchoring, rules  # noqa: PLC0415

        evidence.register_source(rules.LOG, anchoring.JournalLog())
