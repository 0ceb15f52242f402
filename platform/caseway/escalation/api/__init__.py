"""The graph's face of escalation: what was raised, why, and every mutation on the way up and back."""
