"""Pages: getting in, one's own account, and the administration of people and organisations."""
