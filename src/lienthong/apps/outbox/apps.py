"""How Django finds this context, and this context the jobs of the others."""

import logging

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    name = "lienthong.apps.outbox"
    label = "outbox"
    verbose_name = "Hộp sự kiện"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # At INFO procrastinate writes the arguments of every job to the log.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        autodiscover_modules("jobs")
