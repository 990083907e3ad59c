"""The state of the simulated GitHub: database, folder, clock, and one deed of one person."""
