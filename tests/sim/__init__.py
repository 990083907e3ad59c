"""Tests of the simulated telescope."""
