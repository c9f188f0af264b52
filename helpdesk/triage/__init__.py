"""Triage: where the language parts meet the platform. Suggestions, predictions, topics and their indexes."""
