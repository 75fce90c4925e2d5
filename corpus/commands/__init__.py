"""The commands of the command line: what each takes, calls and prints."""
