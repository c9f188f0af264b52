"""Knowledge: published answers, each with its many wordings, and articles for longer reading."""
