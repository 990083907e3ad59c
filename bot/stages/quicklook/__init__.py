"""The quick look at the telescope: what is there, what is made of it, and how it travels."""
