"""Lists in their order, and duplicates, from indexes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_registration_roles'),
        ('directory', '0003_code_digests'),
        ('documents', '0009_two_approvals'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='incomingdocument',
            name='incoming_by_state',
        ),
        migrations.RemoveIndex(
            model_name='outgoingdocument',
            name='outgoing_by_state',
        ),
        migrations.AddIndex(
            model_name='incomingdocument',
            index=models.Index(fields=['organization', '-arrived_at'], name='incoming_by_time'),
        ),
        migrations.AddIndex(
            model_name='incomingdocument',
            index=models.Index(fields=['organization', 'state', '-arrived_at'], name='incoming_by_state'),
        ),
        migrations.AddIndex(
            model_name='incomingdocument',
            index=models.Index(fields=['organization', 'sender_code', 'number'], name='incoming_by_reference'),
        ),
        migrations.AddIndex(
            model_name='outgoingdocument',
            index=models.Index(fields=['organization', '-created_at'], name='outgoing_by_time'),
        ),
        migrations.AddIndex(
            model_name='outgoingdocument',
            index=models.Index(fields=['organization', 'state', '-created_at'], name='outgoing_by_state'),
        ),
    ]
