"""The tokenizer, and the fast and exact way from texts to its ids."""
