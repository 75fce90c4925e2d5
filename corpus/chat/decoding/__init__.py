"""The decoder: GPT-2's weights, its pass with kept prefixes, and the draw of the next token."""
