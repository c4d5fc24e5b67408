"""Journeys of people in a real browser, on real nodes."""
