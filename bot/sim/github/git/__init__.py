"""Real git: objects in process, the git program, smart HTTP."""
