"""Is a corpus still what a build wrote: every law, count, hash and token id of it, recomputed."""
