"""Figures of a period from indexes of its moments."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_people_and_proofs'),
        ('directory', '0003_code_digests'),
        ('documents', '0013_versions'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='incomingdocument',
            index=models.Index(fields=['organization', 'due_at'], name='incoming_by_due'),
        ),
        migrations.AddIndex(
            model_name='outgoingdocument',
            index=models.Index(fields=['organization', 'dispatched_at'], name='outgoing_by_dispatch'),
        ),
        migrations.AddIndex(
            model_name='outgoingdocument',
            index=models.Index(fields=['organization', 'signed_at'], name='outgoing_by_signature'),
        ),
    ]
