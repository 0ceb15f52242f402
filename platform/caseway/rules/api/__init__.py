"""Rule books on the graph."""
