"""Words and pages for people: values in, text out."""
