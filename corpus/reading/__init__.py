"""From raw/ to dialogues: find the documents, open them in place, cut and decode their entries."""
