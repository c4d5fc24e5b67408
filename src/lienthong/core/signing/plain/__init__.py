"""Reading PDF files that are written plainly: tables, values, objects, nothing left to guess.

Every reader sees the same document in such a file; whatever is not plain raises Ask. The fast path
reads documents with it, and the reference path need not look for hidden streams in such a file.
"""
