"""What other contexts may use of notices."""

from lienthong.apps.notices.actions import tell
from lienthong.apps.notices.handlers import take_new_device
from lienthong.apps.notices.models import Notice
from lienthong.apps.notices.rules import Kind, kinds, register

__all__ = ["Kind", "Notice", "kinds", "register", "take_new_device", "tell"]
