"""Search of the desk: every field and the text of files, by rights, newest first.

`text` folds and cuts, `language` reads what was typed, `index` keeps one entry for each document,
`find` asks it, `excerpts` shows why a document was found.
"""
