"""Tokens of other software and what it was answered; of their organization only (TM-X-11)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_people_and_proofs'),
        ('directory', '0003_code_digests'),
        ('documents', '0015_handling_of_incoming'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='phần mềm')),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None, verbose_name='phạm vi')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('beginning', models.CharField(max_length=12, verbose_name='bắt đầu bằng')),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='cấp lúc')),
                ('ends_on', models.DateField(verbose_name='dùng đến hết ngày')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='thu hồi lúc')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='dùng lần cuối')),
                ('minute', models.DateTimeField(blank=True, null=True)),
                ('used', models.PositiveIntegerField(default=0)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='làm việc thay vị trí')),
            ],
            options={
                'verbose_name': 'mã truy cập',
                'ordering': ('-made_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='ApiAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100)),
                ('request', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', models.TextField(blank=True)),
                ('etag', models.CharField(blank=True, max_length=70)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
                ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='documents.apitoken')),
            ],
            options={
                'verbose_name': 'trả lời đã gửi',
                'constraints': [models.UniqueConstraint(models.F('token'), models.F('key'), name='api_answer_once')],
            },
        ),
        row_security("documents_apitoken"),
        row_security("documents_apianswer"),
    ]
