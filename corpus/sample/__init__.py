"""Invented dialogues in the true AIHub shapes: what `python -m corpus sample` writes."""
