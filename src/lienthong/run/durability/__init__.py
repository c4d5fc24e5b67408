"""`lienthong bench durability`: faults made while packets travel, and what is left after them.

Every drill runs real processes on a real PostgreSQL that writes durably. What was acknowledged is
written down by the drill itself, outside the system, and compared with what databases, disks and
the log say afterwards (TM-H-R, fault drills FD-01 to FD-06).
"""
