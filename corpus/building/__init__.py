"""A build from raw/ to processed/: plan, items, where they run, commit."""
