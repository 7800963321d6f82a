"""The log of blocks: one RFC 6962 Merkle log whose leaves are all shards' block headers, and its signed checkpoints."""
