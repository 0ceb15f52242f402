"""What would have been: a draft of rules, replayed on the cases of the past."""
