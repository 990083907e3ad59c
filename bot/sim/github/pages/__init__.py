"""Pages for people who practise: plain HTML, forms, no script. A page asks and acts by the API's handlers.

One file a page that users know; each ends with its `VIEWS`. `site` puts them together.
"""
