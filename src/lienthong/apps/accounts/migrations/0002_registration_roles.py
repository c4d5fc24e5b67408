"""Two more roles: who registers certificates for an agency, who issues them at the authority."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="seat",
            name="role",
            field=models.CharField(
                choices=[
                    ("clerk", "Văn thư"),
                    ("officer", "Chuyên viên"),
                    ("unit_head", "Lãnh đạo đơn vị"),
                    ("leader", "Lãnh đạo cơ quan"),
                    ("archivist", "Lưu trữ viên"),
                    ("administrator", "Quản trị hệ thống"),
                    ("axis_operator", "Vận hành trục"),
                    ("registrar", "Cán bộ đăng ký chứng thư"),
                    ("cert_officer", "Cán bộ cấp chứng thư"),
                ],
                max_length=20,
                verbose_name="vai trò",
            ),
        )
    ]
