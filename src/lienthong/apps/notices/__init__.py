"""Notices: what a person should know, in their box on the node and by e-mail.

A context names its kinds of notice once (`api.Kind`) and tells persons in their seats (`api.tell`);
each is told once for each key. The bell in the header counts what is unread. E-mail goes out by a
job where an SMTP server is configured; it says that there is something to read, and where.
"""
