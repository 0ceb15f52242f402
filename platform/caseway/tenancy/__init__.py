"""Offices: the tree that is the tenancy."""
