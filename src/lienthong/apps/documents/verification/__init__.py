"""Reports of signatures, for documents of the desk and for any file; evidence that is kept."""
