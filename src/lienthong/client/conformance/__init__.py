"""The self-test of a node's two doors: what a vendor or an agency runs before it connects.

`run(target, profile)` asks a node everything in `native`, `log` and `kit`, as the parties of the
profile, and answers with a `Report`, which the sender can seal (DX-108). Nothing here
knows the server's code: a check sees what any client sees.
"""

from lienthong.client.conformance.profile import Party, Profile, ProfileInvalid, read_profile
from lienthong.client.conformance.report import Outcome, Report, Result, sign_report
from lienthong.client.conformance.runner import CHECKS, run

__all__ = [
    "CHECKS",
    "Outcome",
    "Party",
    "Profile",
    "ProfileInvalid",
    "Report",
    "Result",
    "read_profile",
    "run",
    "sign_report",
]
