"""Access: who may do and see what. Casbin decides from relations and row states; SQL and row security are derived."""
