"""What a simulation refuses."""

from __future__ import annotations

from caseway.errors import CasewayError


class NobodyRegisters(CasewayError):
    """Nobody works below this office who registers matters: choose an office with staff, such as 3304."""

    code = "SIMULATION_NOBODY_REGISTERS"
