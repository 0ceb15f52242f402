"""What the platform tells offices: the outbox, the notices of an office, and tasks of administrators."""
