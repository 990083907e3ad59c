"""The site: pages of all projects, built from the projects, the ledgers and the conversations."""
