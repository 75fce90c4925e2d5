"""Invented people, places and affiliations where AIHub had masked real ones."""
