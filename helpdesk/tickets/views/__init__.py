"""Pages of tickets: the requester's, the desk's lists, and one ticket on the desk."""
