import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
import lienthong.apps.accounts.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('directory', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('username', models.CharField(max_length=150, unique=True, verbose_name='tên đăng nhập')),
                ('full_name', models.CharField(max_length=255, verbose_name='họ và tên')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='thư điện tử')),
                ('phone', models.CharField(blank=True, max_length=30, verbose_name='điện thoại')),
                ('is_active', models.BooleanField(default=True, verbose_name='được đăng nhập')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='ghi nhận lúc')),
                ('name_sort', models.CharField(db_collation='C', editable=False, max_length=2000)),
                ('search_text', models.CharField(editable=False, max_length=600)),
            ],
            options={
                'verbose_name': 'người dùng',
                'verbose_name_plural': 'người dùng',
                'ordering': ('name_sort', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='SignInTries',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('window_started_at', models.DateTimeField(db_index=True)),
                ('tries', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name': 'lượt đăng nhập sai',
                'verbose_name_plural': 'lượt đăng nhập sai',
            },
        ),
        migrations.CreateModel(
            name='KnownAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.GenericIPAddressField()),
                ('last_at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'địa chỉ quen',
                'verbose_name_plural': 'địa chỉ quen',
                'constraints': [models.UniqueConstraint(models.F('person'), models.F('address'), name='known_address_once')],
            },
        ),
        migrations.CreateModel(
            name='Seat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('clerk', 'Văn thư'), ('officer', 'Chuyên viên'), ('unit_head', 'Lãnh đạo đơn vị'), ('leader', 'Lãnh đạo cơ quan'), ('archivist', 'Lưu trữ viên'), ('administrator', 'Quản trị hệ thống'), ('axis_operator', 'Vận hành trục')], max_length=20, verbose_name='vai trò')),
                ('position', models.CharField(blank=True, max_length=100, verbose_name='chức vụ')),
                ('competence', models.CharField(blank=True, max_length=100, verbose_name='thẩm quyền ký')),
                ('valid_from', models.DateField(verbose_name='từ ngày')),
                ('valid_to', models.DateField(blank=True, null=True, verbose_name='đến hết ngày')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization', verbose_name='cơ quan')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seats', to=settings.AUTH_USER_MODEL, verbose_name='người giữ')),
                ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.unit', verbose_name='đơn vị')),
            ],
            options={
                'verbose_name': 'vị trí công tác',
                'verbose_name_plural': 'vị trí công tác',
                'ordering': ('organization', 'role', 'person__name_sort', 'pk'),
                'indexes': [models.Index(fields=['organization', 'role'], name='seat_of_organization')],
                'constraints': [models.CheckConstraint(condition=models.Q(('valid_to', None), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='seat_days_in_order'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('organization', '='), ('role', '='), (lienthong.apps.accounts.models.DateRange('valid_from', 'valid_to', django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True)), '&&')], name='seat_held_once')],
            },
        ),
    ]
