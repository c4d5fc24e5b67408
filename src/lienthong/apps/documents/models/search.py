"""What search keeps: an entry for each document, the words of each agency, saved searches."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now


class SearchEntry(models.Model):
    """What one document is found by. Its key is the document's; `kind` says which sort it is.

    The table is behind the wall of row security for everybody but its owner, in whose name the
    function `documents_search` reads it (decision 0029).
    """

    id = models.UUIDField(primary_key=True, editable=False)
    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    kind = models.CharField("loại", max_length=8)  # "incoming" or "outgoing"
    day = models.DateField("ngày đến, ngày ban hành hoặc ngày soạn")
    vector = SearchVectorField()
    text = models.TextField("nội dung tệp", blank=True)
    # The files that `text` was read from, and how entries were made then.
    text_of = models.CharField(max_length=64, blank=True)
    made_by = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "mục tìm kiếm"
        indexes = (
            GinIndex(fields=["vector"], name="search_by_words"),
            models.Index(fields=["organization", "-day", "-id"], name="search_by_day"),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.pk}"


class SearchWord(models.Model):
    """A word that stands in some document of the agency: what is not here is mistyped."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    word = models.CharField(max_length=60)

    class Meta:
        verbose_name = "từ"
        constraints = (models.UniqueConstraint("organization", "word", name="search_word_once"),)

    def __str__(self) -> str:
        return self.word


class SavedSearch(models.Model):
    """Tìm kiếm đã lưu: a question that a person asks again."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    seat = models.ForeignKey("accounts.Seat", models.CASCADE, related_name="+")
    name = models.CharField("tên", max_length=80)
    query = models.CharField("câu hỏi", max_length=300)
    created_at = models.DateTimeField("lưu lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = "tìm kiếm đã lưu"
        ordering = ("name", "pk")
        constraints = (models.UniqueConstraint("seat", "name", name="saved_search_once"),)

    def __str__(self) -> str:
        return self.name
