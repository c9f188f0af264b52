"""What triage reads."""
