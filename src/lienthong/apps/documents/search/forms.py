"""What the search page asks for beside the words."""

from __future__ import annotations

from dataclasses import replace

from django import forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.documents.common.forms import day
from lienthong.apps.documents.search.language import Query

QUERY_MAX = 300
NAME_MAX = 80


class SearchFilter(forms.Form):
    """Words and filters in the address; anything wrong in it narrows nothing."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=QUERY_MAX,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("Sổ"),
        required=False,
        choices=[
            ("", _("Đến và đi")),
            ("incoming", _("Văn bản đến")),
            ("outgoing", _("Văn bản đi")),
        ],
    )
    since = day(_("Từ ngày"))
    until = day(_("Đến ngày"))
    due = forms.ChoiceField(
        label=_("Hạn"),
        required=False,
        choices=[
            ("", _("Tất cả")),
            ("qua-han", _("Quá hạn")),
            ("hom-nay", _("Hạn hôm nay")),
            ("7-ngay", _("Trong 7 ngày")),
        ],
    )

    def narrowed(self, query: Query) -> Query:
        """The question of the words with the filters added; operators in the words go first."""
        self.is_valid()
        wanted = {name: value for name, value in self.cleaned_data.items() if name != "q" and value}
        return replace(
            query, **{name: getattr(query, name) or value for name, value in wanted.items()}
        )


class SaveForm(forms.Form):
    """A name for a question that is asked again."""

    name = forms.CharField(label=_("Tên"), max_length=NAME_MAX)
    query = forms.CharField(max_length=QUERY_MAX, widget=forms.HiddenInput())
