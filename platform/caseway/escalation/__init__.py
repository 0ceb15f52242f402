"""When a matter goes up: triggers, rungs, what the superior gets, and the way back.

Importing it registers what the rules do when something happens to a case (see ``caseway.cases.hooks``).
"""

from caseway.escalation import watching

__all__ = ["watching"]
