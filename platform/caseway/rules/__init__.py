"""Rule books: typed rule kinds, rows with provenance, versions, and what they come to for an office."""
