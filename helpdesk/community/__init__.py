"""Questions that Parties ask each other in the open, their answers, comments, votes and tags."""
