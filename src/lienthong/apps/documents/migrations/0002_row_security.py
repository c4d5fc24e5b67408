"""An organization sees its own documents only (TM-X-11)."""

from django.db import migrations

from lienthong.apps.accounts.api import row_security

TABLES = (
    "documents_dossier",
    "documents_incomingattachment",
    "documents_incomingdocument",
    "documents_numberseries",
    "documents_outgoingdocument",
    "documents_outgoingrecipient",
    "documents_statusentry",
    "documents_statusreport",
    "documents_support",
)


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]

    operations = [row_security(table) for table in TABLES]
