"""Caseway: petition work (信访) for every level of local government on one GraphQL platform."""

__version__ = "0.1.0"
