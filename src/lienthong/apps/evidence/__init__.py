"""Evidence that a node cannot rewrite: its logs, their witnesses, their time-stamps, the alarms.

Every node signs checkpoints of its own logs and watches the logs of others: it cosigns what only
appends, reads them through again and again, and raises an alarm when something does not hold.
"""
