"""What the corpus writes of an utterance: tags and masks first, then the text rules."""
