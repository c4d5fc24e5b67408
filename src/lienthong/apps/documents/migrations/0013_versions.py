"""Versions of drafts and comments; seen by their organization only (TM-X-11)."""

import django.db.models.deletion
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_people_and_proofs'),
        ('directory', '0003_code_digests'),
        ('documents', '0012_recall'),
    ]

    operations = [
        migrations.AddField(
            model_name='outgoingdocument',
            name='version',
            field=models.PositiveIntegerField(default=0, verbose_name='phiên bản'),
        ),
        migrations.CreateModel(
            name='DraftComment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='phiên bản')),
                ('at', models.DateTimeField(verbose_name='lúc')),
                ('text', models.TextField(verbose_name='ý kiến')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='documents.outgoingdocument')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
            ],
            options={
                'verbose_name': 'ý kiến về dự thảo',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='DraftVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='phiên bản')),
                ('saved_at', models.DateTimeField(verbose_name='lúc lưu')),
                ('content', models.JSONField(verbose_name='nội dung')),
                ('draft_sha256', models.CharField(max_length=64, verbose_name='bản in')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='documents.outgoingdocument')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
                ('saved_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat')),
            ],
            options={
                'verbose_name': 'phiên bản dự thảo',
                'ordering': ('number',),
                'constraints': [models.UniqueConstraint(models.F('document'), models.F('number'), name='draft_version_once')],
            },
        ),
        row_security("documents_draftcomment"),
        row_security("documents_draftversion"),
    ]
