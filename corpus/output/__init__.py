"""What a build writes: rows and shards, the ledger, results of items, the manifest."""
