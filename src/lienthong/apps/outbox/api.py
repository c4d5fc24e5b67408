"""What other contexts may use of the outbox."""

from lienthong.apps.outbox.queue import enqueue, job, only, publish, subscribe, surround
from lienthong.apps.outbox.worker import run_pending, run_worker

__all__ = [
    "enqueue",
    "job",
    "only",
    "publish",
    "run_pending",
    "run_worker",
    "subscribe",
    "surround",
]
