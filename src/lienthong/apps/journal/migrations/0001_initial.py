import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('directory', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Head',
            fields=[
                ('stream', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='dòng nhật ký')),
                ('sequence', models.PositiveBigIntegerField(default=0, verbose_name='số thứ tự cuối')),
                ('hash', models.CharField(default='', max_length=64, verbose_name='mã băm cuối')),
                ('organization', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
            ],
            options={
                'verbose_name': 'đầu dòng nhật ký',
                'verbose_name_plural': 'đầu dòng nhật ký',
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(max_length=40, verbose_name='dòng nhật ký')),
                ('sequence', models.PositiveBigIntegerField(verbose_name='số thứ tự')),
                ('at', models.DateTimeField(verbose_name='lúc')),
                ('act', models.CharField(max_length=64, verbose_name='hành động')),
                ('subject', models.CharField(max_length=200, verbose_name='đối tượng')),
                ('actor_name', models.CharField(blank=True, max_length=255, verbose_name='tên người thực hiện')),
                ('actor_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None, verbose_name='vai trò')),
                ('actor_position', models.CharField(blank=True, max_length=100, verbose_name='chức vụ')),
                ('seat_id', models.BigIntegerField(null=True, verbose_name='vị trí công tác')),
                ('facts', models.JSONField(default=dict, verbose_name='dữ kiện')),
                ('previous_hash', models.CharField(blank=True, max_length=64, verbose_name='mã băm trước')),
                ('hash', models.CharField(max_length=64, verbose_name='mã băm')),
                ('organization', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization', verbose_name='cơ quan')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người thực hiện')),
            ],
            options={
                'verbose_name': 'dòng nhật ký',
                'verbose_name_plural': 'nhật ký',
                'ordering': ('stream', 'sequence'),
                'indexes': [models.Index(fields=['subject', 'at'], name='entry_of_subject'), models.Index(fields=['organization', 'at'], name='entry_of_organization')],
                'constraints': [models.UniqueConstraint(models.F('stream'), models.F('sequence'), name='entry_once_in_stream'), models.UniqueConstraint(models.F('stream'), models.F('previous_hash'), name='entry_follows_one')],
            },
        ),
    ]
