"""Storage: base classes, sessions, the second lock (row level security), encrypted columns, embedded PostgreSQL."""
