"""A telescope for practice and tests: it writes raw files as the real one would, and as rsync would bring them.

    night       a night drawn from a seed -> rows of the observation log
    recording   rows -> what is recorded: which files, which calibration
    layout      layout.yaml: the variables of each kind of raw file
    header      a recording -> the values of the header
    signals     a recording -> the values along the time axis
    rawfile     layout and values -> the bytes of a file
    arrival     the order and moments of arrival, and the writing

Imports no doors; nothing in production imports it.
"""
