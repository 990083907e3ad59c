"""The files of a lmtoy_PID folder -> values. Nothing in here runs, imports or opens what such a file names."""
