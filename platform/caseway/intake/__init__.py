"""Intake: how a matter enters an office and becomes a case with a holder, clocks and a ledger."""
