"""Pressing and checking offices: supervisions, duties to report, and accountability reviews opened for people."""
