"""Administration: what admins do with offices and access rules, and how access decisions explain themselves."""
