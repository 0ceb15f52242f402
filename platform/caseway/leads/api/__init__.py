"""Leads on the graph."""
