"""People, organisations, sign-in, follows and notification choices."""
