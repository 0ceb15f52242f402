"""What-if on the graph."""
