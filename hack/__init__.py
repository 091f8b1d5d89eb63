"""Tools for people who work on restow."""
