"""Tickets: enquiries to the helpdesk, their replies and notes, queues, routing rules and the agents' desk."""
