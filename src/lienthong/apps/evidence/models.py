"""Tables of evidence: logs of this node, who witnesses them, logs it watches, alarms."""

from __future__ import annotations

from django.db import models


class OwnHead(models.Model):
    """The newest checkpoint of a log of this node. Its row is the lock against a fork."""

    log = models.CharField("nhật ký", max_length=32, primary_key=True)
    size = models.BigIntegerField("số mục", default=0)
    checkpoint = models.TextField("điểm kiểm tra", blank=True)
    signed_at = models.DateTimeField("ký lúc", null=True)

    class Meta:
        verbose_name = "đầu nhật ký"
        verbose_name_plural = "đầu nhật ký"

    def __str__(self) -> str:
        return f"{self.log} ({self.size})"


class OwnTile(models.Model):
    """A tile of a log of this node: up to 256 hashes of one level."""

    pk = models.CompositePrimaryKey("log", "level", "number")
    log = models.CharField(max_length=32)
    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        verbose_name = "mảnh nhật ký"
        verbose_name_plural = "mảnh nhật ký"

    def __str__(self) -> str:
        return f"{self.log} {self.level}/{self.number}"


class Witness(models.Model):
    """Nhân chứng: a node elsewhere that cosigns our checkpoints."""

    name = models.CharField("tên", max_length=80, primary_key=True)
    key = models.CharField("khóa công khai", max_length=200)
    url = models.URLField("địa chỉ", max_length=200)
    active = models.BooleanField("đang dùng", default=True)
    answered_at = models.DateTimeField("trả lời gần nhất", null=True)
    problem = models.TextField("trở ngại", blank=True)

    class Meta:
        verbose_name = "nhân chứng"
        verbose_name_plural = "nhân chứng"

    def __str__(self) -> str:
        return self.name


class Standing(models.Model):
    """How far a witness has seen a log of ours, and what it signed last."""

    witness = models.ForeignKey(Witness, models.CASCADE, related_name="standings")
    log = models.CharField("nhật ký", max_length=32)
    size = models.BigIntegerField("số mục", default=0)
    line = models.TextField("chữ ký", blank=True)
    signed_at = models.DateTimeField("ký lúc", null=True)

    class Meta:
        verbose_name = "phần đã chứng kiến"
        verbose_name_plural = "phần đã chứng kiến"
        constraints = (models.UniqueConstraint("witness", "log", name="standing_once"),)

    def __str__(self) -> str:
        return f"{self.witness_id} {self.log} {self.size}"


class WitnessedHead(models.Model):
    """The largest checkpoint of a log of ours that others have signed, with their signatures."""

    log = models.CharField("nhật ký", max_length=32, primary_key=True)
    size = models.BigIntegerField("số mục")
    checkpoint = models.TextField("điểm kiểm tra")
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "điểm kiểm tra có nhân chứng"
        verbose_name_plural = "điểm kiểm tra có nhân chứng"

    def __str__(self) -> str:
        return f"{self.log} ({self.size})"


class Stamp(models.Model):
    """Dấu thời gian of a checkpoint. Without `token` it is still to be had (the TSA was away)."""

    log = models.CharField("nhật ký", max_length=32)
    size = models.BigIntegerField("số mục")
    checkpoint = models.TextField("điểm kiểm tra")
    wanted_at = models.DateTimeField("cần lúc")
    token = models.BinaryField("dấu thời gian", null=True)
    stamped_at = models.DateTimeField("cấp lúc", null=True)
    problem = models.TextField("trở ngại", blank=True)

    class Meta:
        verbose_name = "dấu thời gian"
        verbose_name_plural = "dấu thời gian"
        ordering = ("-wanted_at",)
        indexes = (
            models.Index("log", models.F("wanted_at").desc(), name="stamp_of_log"),
            models.Index("wanted_at", name="stamp_to_get", condition=models.Q(token=None)),
        )

    def __str__(self) -> str:
        return f"{self.log} ({self.size})"


class Watched(models.Model):
    """A log of another node that this node witnesses and reads."""

    origin = models.CharField("nhật ký", max_length=120, primary_key=True)
    key = models.CharField("khóa công khai", max_length=250)
    url = models.URLField("địa chỉ", max_length=200)
    size = models.BigIntegerField("số mục", default=0)
    root = models.BinaryField("gốc", default=b"")
    checkpoint = models.TextField("điểm kiểm tra", blank=True)
    cosigned_at = models.DateTimeField("ký lúc", null=True)
    audited_size = models.BigIntegerField("đã kiểm tới", default=0)
    audited_at = models.DateTimeField("kiểm lúc", null=True)
    read_at = models.DateTimeField("đọc được lúc", null=True)
    cursor = models.BigIntegerField("kiểm lại từ", default=0)
    added_at = models.DateTimeField("thêm lúc", auto_now_add=True)

    class Meta:
        verbose_name = "nhật ký được theo dõi"
        verbose_name_plural = "nhật ký được theo dõi"

    def __str__(self) -> str:
        return f"{self.origin} ({self.size})"


class Incident(models.Model):
    """Sự cố: something about a log that must not be. It stays open until a person closes it."""

    origin = models.CharField("nhật ký", max_length=120)
    kind = models.CharField("loại", max_length=40)
    entry = models.BigIntegerField("mục số", null=True)
    text = models.TextField("nội dung")
    proof = models.TextField("tang chứng", blank=True)
    reporter = models.CharField("nơi phát hiện", max_length=80, blank=True)
    found_at = models.DateTimeField("phát hiện lúc")
    seen_at = models.DateTimeField("thấy lại lúc")
    closed_at = models.DateTimeField("kết thúc lúc", null=True)
    closed_by = models.CharField("người kết thúc", max_length=255, blank=True)
    explanation = models.TextField("kết luận", blank=True)

    class Meta:
        verbose_name = "sự cố nhật ký"
        verbose_name_plural = "sự cố nhật ký"
        ordering = ("-found_at",)
        constraints = (
            models.UniqueConstraint(
                "origin",
                "kind",
                "entry",
                "reporter",
                condition=models.Q(closed_at=None),
                nulls_distinct=False,
                name="incident_open_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.origin}: {self.kind}"
