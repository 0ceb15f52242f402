"""The graph's face of reception: fixed days, sessions, statements of duties, resources, the public schedule."""
