"""Pages of the community: reading, taking part, editing, moderating."""
