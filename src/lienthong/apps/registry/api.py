"""What other contexts and the node's tools may use of the registry."""

from lienthong.apps.registry.actions import allow_paper, end_paper, publish, tell_node
from lienthong.apps.registry.queries import changes, entries, head, paper_lists, paper_types
from lienthong.apps.registry.rules import Paper, RegistryAway, RegistryInvalid, RegistryNotSigned
from lienthong.apps.registry.successions import load_successions
from lienthong.apps.registry.taking import take, told

__all__ = [
    "Paper",
    "RegistryAway",
    "RegistryInvalid",
    "RegistryNotSigned",
    "allow_paper",
    "changes",
    "end_paper",
    "entries",
    "head",
    "load_successions",
    "paper_lists",
    "paper_types",
    "publish",
    "take",
    "tell_node",
    "told",
]
