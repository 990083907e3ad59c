"""A webrun: what a PI asks for beside the official results, in a session of its own."""
