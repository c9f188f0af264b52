"""Questions that all Parties may read, their answers, votes and comments."""
