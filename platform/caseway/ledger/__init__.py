"""The ledger: append-only, hash-linked events of every case, and the audit trail of access."""
