"""The stand-in tokenizer `builtin`: its file, and the script that made it."""
