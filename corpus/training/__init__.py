"""Everything `train.py` needs. The builder never imports it, and never torch.

shards (read the corpus) → labels (what is fed, what is scored) → plan (which dialogues, when) →
packing (one flat row) → model (forward and loss) → gradient (sum over micro-batches and processes)
→ evaluate → checkpoint and export → log, curve, samples, leaderboard.
"""
