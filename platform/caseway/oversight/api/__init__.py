"""Oversight on the graph."""
