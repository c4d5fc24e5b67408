"""Lines of registers written by hand, and long exports; seen by their agency only (TM-X-11)."""

import django.db.models.deletion
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_registration_roles'),
        ('directory', '0003_code_digests'),
        ('documents', '0010_lists_at_a_million'),
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('register', models.CharField(max_length=20, verbose_name='sổ')),
                ('format', models.CharField(choices=[('xlsx', 'XLSX'), ('pdf', 'PDF'), ('csv', 'CSV')], max_length=10, verbose_name='dạng')),
                ('since', models.DateField(verbose_name='từ ngày')),
                ('until', models.DateField(verbose_name='đến hết ngày')),
                ('state', models.CharField(choices=[('waiting', 'Đang chờ'), ('running', 'Đang lập'), ('done', 'Đã xong'), ('failed', 'Không lập được')], default='waiting', max_length=10, verbose_name='trạng thái')),
                ('total', models.PositiveIntegerField(verbose_name='số dòng')),
                ('written', models.PositiveIntegerField(default=0, verbose_name='đã ghi')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='tệp')),
                ('asked_at', models.DateTimeField(auto_now_add=True, verbose_name='yêu cầu lúc')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat')),
            ],
            options={
                'verbose_name': 'bản xuất sổ',
                'ordering': ('-asked_at',),
            },
        ),
        migrations.CreateModel(
            name='CopyUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('used_on', models.DateField(verbose_name='ngày, tháng, năm')),
                ('user', models.CharField(max_length=100, verbose_name='họ và tên người sử dụng')),
                ('reference', models.CharField(max_length=80, verbose_name='số, ký hiệu, ngày văn bản')),
                ('subject', models.CharField(max_length=500, verbose_name='tên loại và trích yếu')),
                ('file_code', models.CharField(blank=True, max_length=40, verbose_name='hồ sơ số')),
                ('returned_on', models.DateField(blank=True, null=True, verbose_name='ngày trả')),
                ('permitted_by', models.CharField(max_length=100, verbose_name='người cho phép')),
                ('remarks', models.CharField(blank=True, max_length=300, verbose_name='ghi chú')),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
            ],
            options={
                'verbose_name': 'sử dụng bản lưu',
                'ordering': ('used_on', 'pk'),
                'indexes': [models.Index(fields=['organization', 'used_on'], name='copy_use_by_day')],
            },
        ),
        migrations.CreateModel(
            name='PostedDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('posted_on', models.DateField(verbose_name='ngày, tháng, năm')),
                ('reference', models.CharField(max_length=60, verbose_name='số, ký hiệu văn bản')),
                ('destination', models.CharField(max_length=300, verbose_name='nơi nhận')),
                ('envelopes', models.PositiveSmallIntegerField(default=1, verbose_name='số lượng bì')),
                ('remarks', models.CharField(blank=True, max_length=300, verbose_name='ghi chú')),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
            ],
            options={
                'verbose_name': 'văn bản gửi bưu điện',
                'ordering': ('posted_on', 'pk'),
                'indexes': [models.Index(fields=['organization', 'posted_on'], name='posted_by_day')],
            },
        ),
        row_security("documents_copyuse"),
        row_security("documents_export"),
        row_security("documents_posteddocument"),
    ]
