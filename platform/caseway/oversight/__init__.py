"""Definitions of figures, how offices keep their limits, and statistics of areas.

Importing it registers that every event of a case is noted to be counted (see ``caseway.cases.hooks``).
"""

from caseway.oversight import counting

__all__ = ["counting"]
