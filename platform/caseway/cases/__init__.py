"""Cases: matters, registrations, proceedings and their stages."""
