"""Leaders linked to areas, and the list of who is responsible for a key case."""
