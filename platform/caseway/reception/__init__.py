"""Sessions of reception and visit, fixed days, and the duties that leaders and offices owe."""
