"""A small, honest GitHub on real git, for practice, the demo and the tests; README.md beside this file shows the rooms.

Must not be imported by anything but `bot.cli`, and must never listen on anything but loopback.
"""
