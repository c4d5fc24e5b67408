"""Work done later."""

from lienthong.apps.accounts import devices, throttle
from lienthong.apps.outbox import api as outbox


@outbox.job("accounts.forget_tries", schedule="17 * * * *")
def forget_tries() -> None:
    """Remove what throttling no longer needs, sessions that are over, devices not used for long."""
    throttle.forget()
    devices.forget()
