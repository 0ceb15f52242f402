"""A year of cases, played by the demo's staff through the services of the platform, with a clock of its own."""
