"""The only I/O with the world, one file each."""
