"""Recalls of what was sent; seen by their organization only (TM-X-11)."""

import django.db.models.deletion
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_registration_roles'),
        ('directory', '0003_code_digests'),
        ('documents', '0011_registers'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecallRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='lý do')),
                ('asked_at', models.DateTimeField(verbose_name='lúc yêu cầu')),
                ('answer_by', models.DateTimeField(verbose_name='hạn trả lời')),
                ('outbound_id', models.BigIntegerField(blank=True, null=True, verbose_name='gói tin')),
                ('refusal', models.JSONField(blank=True, null=True, verbose_name='lý do trục từ chối')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recalls', to='documents.outgoingdocument')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
            ],
            options={
                'verbose_name': 'yêu cầu thu hồi',
                'ordering': ('asked_at', 'id'),
            },
        ),
        migrations.AddField(
            model_name='outgoingrecipient',
            name='recall',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='documents.recallrequest'),
        ),
        row_security("documents_recallrequest"),
    ]
