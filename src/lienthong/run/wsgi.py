"""The pages, for gunicorn: `gunicorn lienthong.run.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
application = get_wsgi_application()
