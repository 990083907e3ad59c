"""Rows -> the JSON that the API documents. Reads only."""
