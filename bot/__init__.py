"""lmtoy_run: the desired state of every LMT observing project, and the bot that makes the results match it."""

__version__ = "0.1.0"
