"""Everything `train.py` needs; the only place that imports torch. No builder module imports it.

shards (read the corpus) → labels (what is fed, what is scored) → plan (which dialogues, when) →
packing (one flat row) → model (forward and loss) → gradient (sum over micro-batches and processes)
→ evaluate → checkpoint and export → log, curve, samples, leaderboard.
"""
