"""HTTP: one address for API, git and pages; who calls, may they, and what they get."""
