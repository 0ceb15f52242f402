"""Working days: weekends, holidays and make-up workdays (调休)."""
