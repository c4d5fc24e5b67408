"""Durable events and jobs, published in the caller's transaction."""
