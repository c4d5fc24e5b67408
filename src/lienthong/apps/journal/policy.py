"""Who may read the journal, and what acts are called where a person reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role

ActNames = Callable[[], Mapping[str, str]]
_names: list[ActNames] = []


@accounts.rule("journal.audit")
def may_audit(actor: Actor, _what: object) -> bool:
    """Auditors read histories and take them out; they change nothing."""
    return Role.AUDITOR in actor.roles


def name_acts(names: ActNames) -> None:
    """Let a context say what its acts are called, in the reader's language. Safe to call again."""
    if names not in _names:
        _names.append(names)


def act_names() -> dict[str, str]:
    """What every known act is called."""
    return {act: name for names in _names for act, name in names().items()}
