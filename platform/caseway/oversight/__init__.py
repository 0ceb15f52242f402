"""Definitions of figures and how offices keep their limits."""
