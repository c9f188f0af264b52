"""Use cases of triage."""
