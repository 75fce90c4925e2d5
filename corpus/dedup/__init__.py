"""Duplicates: by id, by text, and texts that are nearly the same."""
