"""How an event is born, and how hooks get it."""
