"""People, organisations and sign-in."""
