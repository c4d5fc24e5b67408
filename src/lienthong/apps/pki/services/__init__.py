"""What the authorities answer over HTTP: status, lists, time-stamps, registration, logs.

`app` is a small Starlette application, the role `trust` of the axis; OCSP and time-stamps are
answered from memory, everything else from rows. No Django middleware stands in the way.
"""
