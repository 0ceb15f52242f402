"""Clocks: limits, typed events, due dates derived from them, and the timers that fire on them."""
