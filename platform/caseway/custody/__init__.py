"""Custody: the unbroken chain of holding offices, and the orders that move cases along it.

Importing it registers what happens to custody when a case ends or loses its last officer (see ``caseway.cases.hooks``).
"""

from caseway.custody import succession

__all__ = ["succession"]
