"""From texts as they were typed to rows: normalise, turns, names, tokens, cap."""
