"""The whole loop played by people on the simulated GitHub: what happens, who does it, and what it looks like."""
