"""`lienthong bench desk`: a document desk with a million documents and twenty people at it.

`words` writes subjects, `rows` makes rows for COPY, `seed` fills the node, `users` are the people,
`command` puts it together.
"""
