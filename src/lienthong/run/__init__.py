"""Puts it together: settings, urls, wiring, roles, command line, demo."""
