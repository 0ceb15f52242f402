"""The graph's face of cases: what is seen of a case, and what its holder does with it."""
