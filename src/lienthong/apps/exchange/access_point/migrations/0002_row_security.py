"""An organization sees its own packets only (TM-X-11)."""

from django.db import migrations

from lienthong.apps.accounts.api import row_security

TABLES = ("access_point_inbound", "access_point_outbound")


class Migration(migrations.Migration):
    dependencies = [("access_point", "0001_initial")]

    operations = [row_security(table) for table in TABLES]
