"""Supervision on the graph."""
