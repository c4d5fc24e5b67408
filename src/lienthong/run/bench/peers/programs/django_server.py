"""django-pyas2 over PostgreSQL: it verifies, stores message and MDN, answers with a signed MDN.

`python django_server.py` makes tables and partners; gunicorn serves `application`.
"""

from __future__ import annotations

import django  # type: ignore[import-not-found,unused-ignore]
from django.conf import settings
from place import DATABASE, HERE  # type: ignore[import-not-found]  # written by `measuring`

settings.configure(
    SECRET_KEY="bench",  # noqa: S106  of a bench that is gone afterwards
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="django_server",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "pyas2"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            **DATABASE,
            "CONN_MAX_AGE": 600,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    MEDIA_ROOT=str(HERE / "django-media"),
    USE_TZ=True,
    PYAS2={},
)
django.setup()

from django.core.management import call_command  # noqa: E402  after setup
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("pyas2/", include("pyas2.urls"))]
application = get_wsgi_application()


def prepare() -> None:
    from pyas2 import models  # type: ignore[import-not-found]  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    key = models.PrivateKey.objects.create(
        name="server.p12",
        key=(HERE / "server.p12").read_bytes(),
        key_pass="bench",  # noqa: S106
    )
    certificate = models.PublicCertificate.objects.create(
        name="client.pem", certificate=(HERE / "client.pem").read_bytes(), verify_cert=False
    )
    models.Organization.objects.create(
        name="server", as2_name="server", signature_key=key, encryption_key=key
    )
    models.Partner.objects.create(
        name="client",
        as2_name="client",
        target_url="http://127.0.0.1:9/",
        signature="sha256",
        signature_cert=certificate,
        mdn=True,
        mdn_mode="SYNC",
        mdn_sign="sha256",
    )


if __name__ == "__main__":
    prepare()
