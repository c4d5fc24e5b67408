"""Incoming documents: checked on arrival, registered, directed, handled."""
