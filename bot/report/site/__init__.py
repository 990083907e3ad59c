"""The site's pages as values: projects, records and numbers in, what templates/site/ needs out. No I/O, no HTML."""
