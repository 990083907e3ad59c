"""Workflows come alive: events become runs, runs become jobs, hosts take jobs and run them by `act`."""
