"""A simulated `SLpipeline.sh`: same arguments, directories, rc files, zips and ways to fail as the real one.

What it must not do: import anything of the bot, use the network, or tell success by its exit code where
the real pipeline does not. Its environment variables are described in `site.py`.
"""
