"""What the other verbs print of raw/ and of a corpus: `check`, `show`, `card`."""
