"""The archive: a release on a tag becomes deposits, and what came of it is told."""
