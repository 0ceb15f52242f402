"""Staff: persons of the platform, their accounts and memberships over time. Petitioners are not persons here."""
