"""Names that other parts of the platform know the calendar's doings by."""

from __future__ import annotations

from datetime import timedelta

#: Task of those who operate the platform: the next year's notice is not loaded; its key is the year.
CALENDAR_HORIZON = "CALENDAR_HORIZON"
#: How long before the end of the last published year that task opens.
LOOK_AHEAD = timedelta(days=60)
#: How many days may be asked for at once, and how far ahead an office may decide one.
LONGEST_RANGE = 400
